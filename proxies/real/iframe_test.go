package real_test

import (
	"bufio"
	"fmt"
	"io"
	"net"
	"net/http"
	"net/url"
	"os"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/cometbench/cometbench/proxies"
)

// "Proxies treat an iframe's request differently from XHR": the same URL, type
// and bytes are asked for with the fields of the one and of the other, and what
// the origin was asked and the client was given are compared.

// treatment is what became of one request.
type treatment struct {
	asked  string // of the origin: method, version, names of fields that the client had not sent
	lost   string // fields of the client's that did not arrive as they were
	answer string // to the client: status, names of fields, type, encoding, framing
	pace   string // of each message: whether it came before the next was written
	body   string // where it is not encoded
}

// unlike names what differs.
func (a treatment) unlike(b treatment) []string {
	var out []string
	for name, pair := range map[string][2]string{
		"what the origin is asked": {a.asked, b.asked}, "lost fields": {a.lost, b.lost}, "the answer's head": {a.answer, b.answer},
		"pace": {a.pace, b.pace}, "body": {a.body, b.body},
	} {
		if pair[0] != pair[1] {
			out = append(out, name)
		}
	}
	slices.Sort(out)
	return out
}

// steps is a stream in lock-step: a message is written when the one before has
// arrived, or was waited for in vain, once.
type steps struct {
	media   string
	arrived chan struct{}
	mu      sync.Mutex
	request *http.Request
	pace    []bool
}

const (
	stepCount = 4
	// stepWait tells what is held from what is slow on a busy machine.
	stepWait = 400 * time.Millisecond
)

func stepMessage(n int) string { return fmt.Sprintf("%d%s\n", n, strings.Repeat("x", 600)) }

func (s *steps) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	s.mu.Lock()
	s.request, s.pace = r.Clone(r.Context()), nil
	w.Header().Set("Content-Type", s.media)
	s.mu.Unlock()
	w.Header().Set("Cache-Control", "no-store")
	wait := stepWait
	for n := range stepCount {
		for len(s.arrived) > 0 {
			<-s.arrived
		}
		_, _ = io.WriteString(w, stepMessage(n))
		_ = http.NewResponseController(w).Flush()
		came := true
		select {
		case <-s.arrived:
		case <-time.After(wait):
			came, wait = false, 0
		case <-r.Context().Done():
			return
		}
		s.mu.Lock()
		s.pace = append(s.pace, came)
		s.mu.Unlock()
	}
}

// look asks once for to through in.
func look(in proxies.Instance, to *url.URL, s *steps, fields []field) (treatment, error) {
	conn, err := net.Dial("tcp", address(in))
	if err != nil {
		return treatment{}, err
	}
	defer conn.Close()
	_ = conn.SetDeadline(time.Now().Add(time.Minute))
	target := to.RequestURI()
	if in.Route().Proxy != nil {
		target = to.String()
	}
	s.mu.Lock()
	s.request = nil
	s.mu.Unlock()
	head := fmt.Sprintf("GET %s HTTP/1.1\r\nHost: %s\r\n", target, to.Host)
	for _, f := range fields {
		head += f.name + ": " + f.value + "\r\n"
	}
	if _, err := io.WriteString(conn, head+"\r\n"); err != nil {
		return treatment{}, err
	}
	resp, err := http.ReadResponse(bufio.NewReader(conn), nil)
	if err != nil {
		return treatment{}, err
	}
	defer resp.Body.Close()
	var body strings.Builder
	for buf := make([]byte, 64<<10); ; {
		n, err := resp.Body.Read(buf)
		body.Write(buf[:n])
		if n > 0 {
			select {
			case s.arrived <- struct{}{}:
			default:
			}
		}
		if err != nil {
			break
		}
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.request == nil {
		return treatment{}, fmt.Errorf("%s, and the origin saw nothing", resp.Status)
	}
	return s.treatment(resp, body.String(), fields), nil
}

// treatment is that of the last request. s is locked.
func (s *steps) treatment(resp *http.Response, body string, fields []field) treatment {
	t := treatment{
		answer: fmt.Sprint(resp.StatusCode, names(resp.Header), resp.Header.Get("Content-Type"), resp.Header["Content-Encoding"], resp.TransferEncoding, resp.ContentLength >= 0),
		pace:   fmt.Sprint(s.pace),
	}
	if resp.Header.Get("Content-Encoding") == "" {
		t.body = body
	}
	var added, lost []string
	for _, name := range names(s.request.Header) {
		if _, own := valueOf(fields, name); !own {
			added = append(added, name)
		}
	}
	for _, f := range fields {
		// Connection is between neighbours, and its values are no field's.
		if !strings.EqualFold(f.name, "Connection") && s.request.Header.Get(f.name) != f.value {
			lost = append(lost, f.name)
		}
	}
	slices.Sort(lost)
	t.asked, t.lost = fmt.Sprint(s.request.Method, s.request.Proto, added), fmt.Sprint(lost)
	return t
}

func names(h http.Header) []string {
	var all []string
	for name := range h {
		all = append(all, name)
	}
	slices.Sort(all)
	return all
}

// difference is what p does otherwise for an iframe than for a script: "" when
// nothing. It is believed when it shows three times.
func difference(in proxies.Instance, to *url.URL, s *steps, e engine) (string, error) {
	var unlike []string
	for range 3 {
		a, err := look(in, to, s, e.iframe)
		if err != nil {
			return "", err
		}
		b, err := look(in, to, s, e.xhr)
		if err != nil {
			return "", err
		}
		if unlike = a.unlike(b); len(unlike) == 0 {
			return "", nil
		}
	}
	// The one field that makes an iframe's request a script's.
	var by []string
	for _, name := range varying(e.iframe, e.xhr) {
		a, err := look(in, to, s, e.iframe)
		if err != nil {
			return "", err
		}
		b, err := look(in, to, s, exchanged(e.iframe, e.xhr, name))
		if err != nil {
			return "", err
		}
		if len(a.unlike(b)) > 0 {
			by = append(by, name)
		}
	}
	if len(by) == 0 {
		by = []string{"no field alone"}
	}
	return fmt.Sprintf("%s, by %s", strings.Join(unlike, ", "), strings.Join(by, ", ")), nil
}

// comparer starts p in front of an origin of its own, both for the length of
// the test, and returns what compares a stream of a type by an engine, and the
// version of p.
func comparer(t *testing.T, p proxies.Proxy) (compare func(media string, e engine) string, version string) {
	t.Helper()
	s := &steps{arrived: make(chan struct{}, 1)}
	server := serve(s.ServeHTTP)
	t.Cleanup(server.Close)
	to, err := url.Parse(server.URL + "/stream")
	if err != nil {
		t.Fatal(err)
	}
	in, err := p.Start(t.Context(), proxies.Env{Origin: to})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		if err := in.Close(); err != nil {
			t.Error(err)
		}
	})
	return func(media string, e engine) string {
		s.mu.Lock()
		s.media = media
		s.mu.Unlock()
		got, err := difference(in, to, s, e)
		if err != nil {
			t.Errorf("%s, %s, %s: %v", p.Name(), media, e.name, err)
		}
		return got
	}, in.Version()
}

// A path that does treat them apart is found out, with the field it does it by.
func TestIframeAndXHRToldApart(t *testing.T) {
	t.Parallel()
	for spec, want := range map[string]string{
		"transparent": "",
		"fault:buffer(until=close,if=header:Sec-Fetch-Dest=iframe)": "pace",
		"fault:header(strip=X-Requested-With,request)":              "lost fields, by X-Requested-With",
	} {
		t.Run(spec, func(t *testing.T) {
			t.Parallel()
			p, err := proxies.Parse(spec, proxies.ParseOptions{})
			if err != nil {
				t.Fatal(err)
			}
			compare, _ := comparer(t, p)
			got := compare("text/html", engines()[0])
			if (want == "") != (got == "") || !strings.Contains(got, want) || want == "pace" && !strings.HasSuffix(got, "by Sec-Fetch-Dest") {
				t.Errorf("%q, want %q", got, want)
			}
		})
	}
}

// The real programs, all of them: make iframe, which writes the table.
func TestIframeOrXHR(t *testing.T) {
	file := os.Getenv("COMETBENCH_IFRAME")
	if file == "" {
		t.Skip("COMETBENCH_IFRAME is not set; make iframe sets it")
	}
	var rows []string
	found := 0
	each(t, func(t *testing.T, p proxies.Proxy) {
		compare, version := comparer(t, p)
		row := fmt.Sprintf("| `%s` | %s |", p.Name(), version)
		for _, media := range []string{"text/html", "text/plain", "text/event-stream"} {
			var said []string
			for _, e := range engines() {
				if d := compare(media, e); d != "" {
					said, found = append(said, e.name+": "+d), found+1
				}
			}
			if len(said) == 0 {
				said = []string{"the same"}
			}
			row += " " + strings.Join(said, "; ") + " |"
		}
		t.Log(row)
		rows = append(rows, row)
	})
	if err := os.WriteFile(file, []byte(iframeTable(rows, found)), 0o644); err != nil {
		t.Fatal(err)
	}
}

func iframeTable(rows []string, found int) string {
	answer := "None of these programs does: whatever they do to a stream they do to both."
	if found > 0 {
		answer = fmt.Sprintf("In %d of the combinations below there is a difference, and the field it hangs on is named.", found)
	}
	return `# Do proxies treat an iframe's request differently from an XMLHttpRequest?

` + answer + `

The same URL was asked for through each program with the fields that Chromium 156 and Firefox 153 send when an iframe navigates to it, and with
those that they send for an XMLHttpRequest (Accept, Sec-Fetch-Mode, Sec-Fetch-Dest, Upgrade-Insecure-Requests, Priority, and the X-Requested-With of
libraries). The origin gave the same bytes with the same type, in lock-step with what arrived. Compared were: what the origin was asked, which
of the client's fields it got, the head of the answer, whether each message came before the next was written, and the body. A difference counts
when it shows three times; then the fields are exchanged one by one. What does differ between the two techniques is the media type that they
receive, and by the type programs do tell streams apart (see fidelity.md). ` + "`make iframe`" + ` writes this table.

| program | version | text/html | text/plain | text/event-stream |
|---|---|---|---|---|
` + strings.Join(rows, "\n") + "\n"
}
