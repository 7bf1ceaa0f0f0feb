package claims

import (
	"context"
	"errors"
	"fmt"
	"net/url"
	"strings"
	"sync/atomic"
	"time"

	"github.com/cometbench/cometbench/proxies"
	"github.com/cometbench/cometbench/scenarios"
	"github.com/cometbench/cometbench/scenarios/clients"
	"github.com/cometbench/cometbench/scenarios/measure"
)

const socket = "websocket"

// WebSocketBalancing asks whether what understands HTTP can stand in front of
// WebSocket servers.
func WebSocketBalancing() Claim {
	return Claim{
		Name: "websocket-needs-tcp-balancing", Sentence: "WebSocket needs balancing at the level of TCP",
		Source: "RFC 6455, section 1.8, which finds hosts of their own easier to manage; operators since",
		Measured: fmt.Sprintf("a WebSocket of the Go client through each installed program that proxies HTTP, stock and configured for streams; and %d WebSockets through haproxy in HTTP mode that balances two servers, each of which sends to its own",
			balanced),
		Techniques: []string{socket},
		Test: func(ctx context.Context, l *Lab) (Answer, error) {
			s, err := l.programs(ctx)
			if err != nil {
				return Answer{}, err
			}
			if a, none := s.noPrograms(); none {
				return a, nil
			}
			stock, on := s.of(socket, false), s.of(socket, true)
			a := Answer{Rows: s.rows(socket), Values: s.count(nil, socket)}
			got, row, err := l.balance(ctx)
			if err != nil {
				return a, err
			}
			a.Rows = append(a.Rows, row)
			a.Values["balanced_sockets_heard"] = float64(got)
			a.Answer = holds(len(stock.works)+len(on.works) == 0)
			a.Got = fmt.Sprintf("in HTTP mode %d of %d programs carry it as they are stock (%s), %d of %d configured for streams; %s",
				len(stock.works), stock.asked(), strings.Join(stock.works, ", "), len(on.works), on.asked(), row)
			return a, nil
		},
	}
}

// balanced is how many WebSockets are balanced over two servers.
const balanced = 6

// balance opens WebSockets through a haproxy that balances HTTP and returns how
// many got what their own server sent.
func (l *Lab) balance(ctx context.Context) (heard int, row string, err error) {
	one, err := l.origin(ctx)
	if err != nil {
		return 0, "", err
	}
	two, err := l.origin(ctx, "--tls=false") // another process of the same
	if err != nil {
		return 0, "", err
	}
	f, missing, err := haproxy(ctx, one.URL(), "", two.URL().Host)
	if err != nil {
		return 0, "", err
	}
	if missing != nil {
		return 0, "not balanced: " + missing.Got, nil
	}
	defer func() { err = errors.Join(err, f.Close()) }()
	channel := name("balance")
	got := make([]atomic.Bool, balanced)
	inside, leave := context.WithCancel(ctx)
	done := make(chan struct{}, balanced)
	client, _ := clients.ByName("go")
	for i := range balanced {
		go func() {
			// A socket that breaks is one that hears nothing.
			_ = client.Subscribe(inside, measure.Subscription{
				Technique: socket, Target: measure.Target{URL: clients.SubscribeURL(f.base, socket, channel, url.Values{"nonce": {fmt.Sprint(i)}})},
			}, func(e measure.Event) {
				if e.Kind == measure.Received {
					got[i].Store(true)
				}
			})
			done <- struct{}{}
		}()
	}
	defer func() {
		leave()
		for range balanced {
			<-done
		}
	}()
	each := make([]int, 2)
	for end := time.Now().Add(crowdWait / 2); time.Now().Before(end) && heard < balanced; heard = trues(got) {
		if err := sleepUntil(ctx, time.Now().Add(200*time.Millisecond)); err != nil {
			return 0, "", err
		}
		for i, o := range []scenarios.Origin{one, two} {
			if each[i], err = streams(ctx, o, channel); err != nil {
				return 0, "", err
			}
			if _, err := o.Publish(ctx, channel, time.Now(), "application/json", []byte(`"to mine"`)); err != nil {
				return 0, "", err
			}
		}
	}
	return heard, fmt.Sprintf("haproxy %s, balancing HTTP, led %d WebSockets to one server and %d to the other, and %d of %d got what their server sent", f.Version(), each[0], each[1], heard, balanced), nil
}

func trues(all []atomic.Bool) (n int) {
	for i := range all {
		if all[i].Load() {
			n++
		}
	}
	return n
}

// WebSocketPlain asks which forward proxies carry a WebSocket, and what TLS
// changes.
func WebSocketPlain() Claim {
	const connect = "opening/connect"
	programs := []string{"real:squid", "real:tinyproxy", "real:privoxy", "real:mitmproxy", "real:trafficserver/forward"}
	return Claim{
		Name: "websocket-fails-plain", Sentence: "WebSocket fails over plain HTTP, and wss cures it",
		Source:     "RFC 6455, section 1.8: connections to port 443 are significantly more likely to succeed than those to port 80",
		Measured:   "a WebSocket of the Go client, which sends CONNECT as Chromium does, as ws and as wss through each installed program that is a forward proxy, as it is stock; and as ws through those in front of a server, which do not let TLS through",
		Techniques: []string{socket},
		Test: func(ctx context.Context, l *Lab) (Answer, error) {
			s, err := l.programs(ctx)
			if err != nil {
				return Answer{}, err
			}
			a := Answer{Values: map[string]float64{}}
			carried := map[bool][]string{}
			asked := 0
			for _, secure := range []bool{false, true} {
				q := question{name: "ws", techniques: []string{socket}, proxies: programs, modes: []proxies.Mode{proxies.Forward}, checks: []string{connect, "delivery/first", "delivery/steady"}}
				if secure {
					q.name, q.tls, q.origin = "wss", true, []string{"--tls"}
				}
				run, err := l.answers(ctx, q)
				if err != nil {
					return a, err
				}
				cells, _ := measure.Merge(run)
				n := 0
				for _, c := range sorted(cells) {
					a.Rows = append(a.Rows, fmt.Sprintf("%s through forward proxy %s: %s", q.name, c.Proxy, outcome(c)))
					if c.Verdict.Counts() {
						n++
					}
					if c.Verdict == measure.Works {
						carried[secure] = append(carried[secure], strings.TrimPrefix(c.Proxy, "real:"))
					}
				}
				a.Values[q.name+"_works"], a.Values[q.name+"_programs"] = float64(len(carried[secure])), float64(n)
				asked = max(asked, n)
			}
			if asked == 0 {
				a = untested("no forward proxy is installed, and a fault of our own would prove nothing")
				return a, nil
			}
			reverse := s.of(socket, false)
			a.Rows = append(a.Rows, s.rows(socket)...)
			plain, secure := len(carried[false]), len(carried[true])
			a.Got = fmt.Sprintf("of %d forward proxies %d carry ws and %d carry wss; of %d programs as they are stock %d carry ws, most of them in front of a server, where wss ends at the program and is no cure",
				asked, plain, secure, reverse.asked(), len(reverse.works))
			switch {
			case plain == asked:
				a.Answer = measure.ClaimFails
			case secure > plain:
				a.Answer = measure.ClaimOnlyIf
				a.Got = "the proxy is a forward proxy that lets TLS through as a tunnel: " + a.Got
			default:
				a.Answer = measure.ClaimFails
			}
			return a, nil
		},
	}
}

// outcome is a cell in few words.
func outcome(c *measure.Result) string {
	said := string(c.Verdict)
	if c.Cause != "" {
		said += " (" + c.Cause + ")"
	}
	if c.Reason != "" {
		said += ": " + c.Reason
	}
	return said
}
