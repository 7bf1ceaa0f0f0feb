package proxies

import (
	"context"
	"errors"
	"fmt"
	"io"
	"net/http"
	"net/http/httptest"
	"net/url"
	"testing"
	"testing/synctest"
)

const otherAddr = "127.0.0.1:8081"

// twoOrigins starts a hop in front of two that say their names.
func twoOrigins(t *testing.T, w way, spec string) (*road, []*http.Server) {
	p := newRoadIn(t, w, spec, Env{Others: []*url.URL{mustURL("http://" + otherAddr)}})
	named := func(name string) http.HandlerFunc {
		return func(w http.ResponseWriter, r *http.Request) {
			body, _ := io.ReadAll(r.Body)
			p.note("%s has %s %s%s", name, r.Method, r.Host, body)
		}
	}
	return p, []*http.Server{p.serveAt(originAddr, named("A")), p.serveAt(otherAddr, named("B"))}
}

// Each line is an origin that was asked; the first three requests came on one
// connection, the others each on its own.
func TestRoundRobin(t *testing.T) {
	for _, c := range []struct {
		spec string
		want []string
	}{
		{"fault:round-robin", []string{"A", "B", "A", "B", "A"}},
		{"fault:round-robin(per=connection)", []string{"A", "A", "A", "B", "A"}},
		{"fault:round-robin(unless=method:GET)", []string{"A", "A", "A", "A", "A"}},
		{"fault:round-robin&latency(1ms)", []string{"A", "B", "A", "B", "A"}},
		{"transparent", []string{"A", "A", "A", "A", "A"}},
	} {
		for _, w := range ways() {
			t.Run(c.spec+"/"+string(w), func(t *testing.T) {
				synctest.Test(t, func(t *testing.T) {
					p, origins := twoOrigins(t, w, c.spec)
					var got []string
					ask := func(conn io.Writer, base string) {
						fmt.Fprintf(conn, "GET %s/ HTTP/1.1\r\nHost: %s\r\n\r\n", base, originAddr)
					}
					for _, requests := range []int{3, 1, 1} {
						conn, r, base := p.connect()
						for range requests {
							ask(conn, base)
							resp, err := http.ReadResponse(r, nil)
							if err != nil {
								t.Fatal(err)
							}
							resp.Body.Close()
						}
						conn.Close()
						synctest.Wait()
					}
					for _, line := range p.lines() {
						var name, host string
						fmt.Sscanf(line, "%s %s has GET %s", new(string), &name, &host)
						if got = append(got, name); host != originAddr {
							t.Errorf("%s: the client asked for %s", line, originAddr)
						}
					}
					if fmt.Sprint(got) != fmt.Sprint(c.want) {
						t.Errorf("asked were %v, want %v", got, c.want)
					}
					p.close(origins...)
				})
			})
		}
	}
}

// Over HTTP/2 a client's connection is one, whatever it carries.
func TestRoundRobinOverH2(t *testing.T) {
	for spec, want := range map[string][]string{
		"fault:round-robin":             {"A", "B", "A"},
		"fault:round-robin(connection)": {"A", "A", "A"},
	} {
		for _, w := range h2Ways() {
			synctest.Test(t, func(t *testing.T) {
				p, origins := twoOrigins(t, w, spec)
				client := p.client2()
				for i, name := range want {
					resp, err := client.RoundTrip(p.request2(t.Context(), "POST", " and a body"))
					if err != nil {
						t.Fatal(err)
					}
					resp.Body.Close()
					if line := p.lines()[i]; line != "0s "+name+" has POST "+originAddr+" and a body" {
						t.Errorf("%s over %s: %s, want %s", spec, w, line, name)
					}
				}
				client.CloseIdleConnections()
				p.close(origins...)
			})
		}
	}
}

// What carries no HTTP changes with each connection, whatever is said.
func TestRoundRobinOfTunnels(t *testing.T) {
	for _, spec := range []string{"fault:round-robin", "fault:round-robin(connection)"} {
		for _, w := range []way{byConnect, byTCP} {
			synctest.Test(t, func(t *testing.T) {
				p := newRoadIn(t, w, spec, Env{Others: []*url.URL{mustURL("http://" + otherAddr)}})
				for _, address := range []string{originAddr, otherAddr} {
					l := p.net.listen(address)
					go func() {
						for {
							c, err := l.Accept()
							if err != nil {
								return
							}
							_, _ = c.Read(make([]byte, 1))
							_, _ = io.WriteString(c, address)
							c.Close()
						}
					}()
				}
				for range 3 {
					c, r, _ := p.connect()
					_, _ = c.Write([]byte{tlsHandshake})
					p.drain(r)
					c.Close()
				}
				p.close()
				p.expect("0s "+originAddr, "0s cut", "0s "+otherAddr, "0s cut", "0s "+originAddr, "0s cut")
			})
		}
	}
}

func TestRoundRobinNeedsOrigins(t *testing.T) {
	origin := mustURL("http://" + originAddr)
	for _, c := range []struct {
		env         Env
		unsupported bool
	}{
		{Env{Origin: origin}, true},
		{Env{Origin: origin, Others: []*url.URL{mustURL("https://" + otherAddr)}}, false},
		{Env{Origin: origin, Others: []*url.URL{nil}}, false},
	} {
		p, err := Parse("fault:round-robin", ParseOptions{})
		if err != nil {
			t.Fatal(err)
		}
		in, err := p.Start(context.Background(), c.env)
		if err == nil {
			in.Close()
		}
		var unsupported *UnsupportedError
		if err == nil || errors.As(err, &unsupported) != c.unsupported {
			t.Errorf("%+v: %v", c.env, err)
		}
	}
}

// In a chain the hop that is next to the origins balances; one in front of it
// has a single way to go.
func TestRoundRobinInChains(t *testing.T) {
	var origins []*url.URL
	for _, name := range []string{"A", "B"} {
		s := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) { _, _ = io.WriteString(w, name) }))
		defer s.Close()
		origins = append(origins, mustURL(s.URL))
	}
	env := Env{Origin: origins[0], Others: origins[1:]}
	inst, _ := start(t, "transparent+fault:round-robin", env, nil)
	for _, want := range []string{"A", "B", "A"} {
		if _, got := fetch(t, inst.Route(), origins[0]); got != want {
			t.Errorf("%s answered, want %s", got, want)
		}
	}
	p, err := Parse("fault:round-robin+transparent", ParseOptions{})
	if err != nil {
		t.Fatal(err)
	}
	in, err := p.Start(t.Context(), env)
	if err == nil {
		in.Close()
	}
	var unsupported *UnsupportedError
	if !errors.As(err, &unsupported) {
		t.Errorf("a balancer with one hop behind it: %v", err)
	}
}
