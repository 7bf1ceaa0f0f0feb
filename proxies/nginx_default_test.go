package proxies

import (
	"bufio"
	"context"
	"fmt"
	"io"
	"net"
	"net/http"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"sync"
	"testing"
	"testing/synctest"
	"time"
)

// nginxCase is what an origin sends, step by step, and how many bytes of the
// body the client has after each: -1 is not even the head.
type nginxCase struct {
	name    string
	request string // headers besides Host
	steps   []string
	want    []int
	end     string // "end" or "cut"
	gzip    bool   // sizes are the compressor's; only none and some are compared
}

// nginxCases were measured on nginx 1.22.1; the preset and, where it is
// installed, nginx itself must both behave so.
func nginxCases() []nginxCase {
	const plain = "HTTP/1.0 200 OK\r\nContent-Type: text/plain\r\n\r\n" // 45 bytes
	const page = "HTTP/1.0 200 OK\r\nContent-Type: text/html\r\n\r\n"
	const event = "HTTP/1.0 200 OK\r\nContent-Type: text/event-stream\r\nX-Accel-Buffering: no\r\n\r\n"
	chunked := strings.Replace(strings.Replace(plain, "1.0", "1.1", 1), "\r\n\r\n", "\r\nTransfer-Encoding: chunked\r\n\r\n", 1)
	x := func(n int) string { return strings.Repeat("x", n) }
	return []nginxCase{
		{"small messages", "", []string{plain, x(10), x(10), ""}, []int{-1, -1, -1, 20}, "end", false},
		{"blocks, the head counts", "", []string{plain, x(3000), x(1050), x(1), x(4095), x(1), x(10000), ""},
			[]int{-1, -1, -1, 4051, 4051, 8147, 16339, 18147}, "end", false},
		{"known length", "", []string{strings.Replace(plain, "\r\n\r\n", "\r\nContent-Length: 20\r\n\r\n", 1), x(10), x(10), ""}, []int{-1, -1, 20, 20}, "end", false},
		{"known length, too short", "", []string{strings.Replace(plain, "\r\n\r\n", "\r\nContent-Length: 20\r\n\r\n", 1), x(10), ""}, []int{-1, -1, 10}, "cut", false},
		{"chunks", "", []string{chunked, "a\r\n" + x(10) + "\r\n", "5\r\n" + x(5) + "\r\n", "0\r\n\r\n", ""}, []int{-1, 10, 15, 15, 15}, "end", false},
		{"X-Accel-Buffering: no", "", []string{event, x(10), x(5), ""}, []int{0, 10, 15, 15}, "end", false},
		{"text/html, not compressed", "", []string{page, x(10), ""}, []int{-1, -1, 10}, "end", false},
		{"text/html, compressed", "Accept-Encoding: gzip\r\n", []string{page, x(10), x(20000), ""}, []int{-1, -1, -1, 1}, "end", true},
		{"text/html with Via", "Accept-Encoding: gzip\r\nVia: 1.1 x\r\n", []string{page, x(10), ""}, []int{-1, -1, 10}, "end", false},
		{"upgrade", "Connection: Upgrade\r\nUpgrade: websocket\r\n", []string{plain, x(10), ""}, []int{-1, -1, 10}, "end", false},
	}
}

// tally is what a client has so far.
type tally struct {
	mu     sync.Mutex
	body   int
	gzip   bool
	status int
	head   http.Header
	end    string
}

func (y *tally) read(r io.Reader) {
	resp, err := http.ReadResponse(bufio.NewReader(r), nil)
	if err != nil {
		y.set(func() { y.end = ending(err) })
		return
	}
	y.set(func() { y.body, y.status, y.head = 0, resp.StatusCode, resp.Header })
	buf := make([]byte, 64<<10)
	for {
		n, err := resp.Body.Read(buf)
		y.set(func() {
			y.body += n
			if err != nil {
				y.end = ending(err)
			}
		})
		if err != nil {
			return
		}
	}
}

func (y *tally) set(f func()) { y.mu.Lock(); defer y.mu.Unlock(); f() }

func (y *tally) now() (int, string) {
	y.mu.Lock()
	defer y.mu.Unlock()
	if y.gzip && y.body > 0 {
		return 1, y.end
	}
	return y.body, y.end
}

// play runs a case: listen is the origin's, dial leads to the proxy, and
// settle waits until the client has n bytes or no more will come.
func (c nginxCase) play(t *testing.T, origin net.Listener, client net.Conn, settle func(done func() bool)) *tally {
	t.Helper()
	fmt.Fprintf(client, "GET /x HTTP/1.1\r\nHost: example.org\r\n%s\r\n", c.request)
	seen := &tally{body: -1, gzip: c.gzip}
	var reading sync.WaitGroup
	reading.Go(func() { seen.read(client) })
	up, err := origin.Accept()
	if err != nil {
		t.Fatal(err)
	}
	request, err := http.ReadRequest(bufio.NewReader(up))
	if err != nil {
		t.Fatal(err)
	}
	if request.Proto != "HTTP/1.0" || request.Header.Get("Connection") != "close" || request.Header.Get("Upgrade") != "" || request.Host != origin.Addr().String() {
		t.Errorf("origin got %s for %s with %v", request.Proto, request.Host, request.Header)
	}
	for i, step := range c.steps {
		if step == "" {
			up.Close()
		} else if _, err := io.WriteString(up, step); err != nil {
			t.Fatal(err)
		}
		settle(func() bool {
			n, end := seen.now()
			return n == c.want[i] && (i < len(c.steps)-1 || end != "")
		})
		if n, _ := seen.now(); n != c.want[i] {
			t.Errorf("after step %d the client has %d bytes, want %d", i, n, c.want[i])
		}
	}
	if _, end := seen.now(); end != c.end {
		t.Errorf("it ended with %q, want %q", end, c.end)
	}
	client.Close()
	reading.Wait()
	if h := seen.head; h.Get("Server") != "nginx/1.22.1" || h.Get("X-Accel-Buffering") != "" || (h.Get("Content-Encoding") == "gzip") != c.gzip {
		t.Errorf("head %v", h)
	}
	return seen
}

func TestNginxDefaultPreset(t *testing.T) {
	for _, c := range nginxCases() {
		t.Run(c.name, func(t *testing.T) {
			bubble(t, byReverse, "nginx-default", func(t *testing.T, p *road) {
				l := p.net.listen(originAddr)
				client, err := p.net.dial(context.Background(), "", "hop")
				if err != nil {
					t.Fatal(err)
				}
				c.play(t, l, client, func(func() bool) { time.Sleep(time.Second); synctest.Wait() })
				l.Close()
				p.close()
			})
		})
	}
}

func TestNginxItself(t *testing.T) {
	program, err := exec.LookPath("nginx")
	if err != nil {
		program = "/usr/sbin/nginx"
	}
	if version, err := exec.Command(program, "-v").CombinedOutput(); err != nil || !strings.Contains(string(version), "nginx/1.22.1") {
		t.Skipf("nginx 1.22.1 is not installed: %s", version)
	}
	origin, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	defer origin.Close()
	address := startNginx(t, program, origin.Addr().String())
	for _, c := range nginxCases() {
		t.Run(c.name, func(t *testing.T) {
			client, err := net.Dial("tcp", address)
			if err != nil {
				t.Fatal(err)
			}
			c.play(t, origin, client, settleReal)
		})
	}
}

// settleReal waits for what is expected, and then for what is not: only time
// can show that a program of somebody else's sends nothing more.
func settleReal(done func() bool) {
	for deadline := time.Now().Add(5 * time.Second); !done() && time.Now().Before(deadline); {
		time.Sleep(5 * time.Millisecond)
	}
	time.Sleep(60 * time.Millisecond)
}

func startNginx(t *testing.T, program, origin string) string {
	t.Helper()
	dir := t.TempDir()
	free, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	address := free.Addr().String()
	free.Close()
	// Debian's http block, as far as it has a bearing, and one location.
	config := strings.NewReplacer("DIR", dir, "LISTEN", address, "ORIGIN", origin).Replace(`
daemon off; worker_processes 1; pid DIR/pid; error_log DIR/error.log;
events { worker_connections 768; }
http {
  sendfile on; tcp_nopush on; types_hash_max_size 2048; default_type application/octet-stream;
  access_log off; gzip on;
  client_body_temp_path DIR/b; proxy_temp_path DIR/p; fastcgi_temp_path DIR/f; uwsgi_temp_path DIR/u; scgi_temp_path DIR/s;
  server { listen LISTEN; location / { proxy_pass http://ORIGIN; } }
}`)
	file := filepath.Join(dir, "nginx.conf")
	if err := os.WriteFile(file, []byte(config), 0o600); err != nil {
		t.Fatal(err)
	}
	cmd := exec.Command(program, "-e", filepath.Join(dir, "error.log"), "-p", dir, "-c", file)
	if err := cmd.Start(); err != nil {
		t.Skip(err)
	}
	t.Cleanup(func() { _ = cmd.Process.Signal(os.Interrupt); _ = cmd.Wait() })
	for deadline := time.Now().Add(10 * time.Second); time.Now().Before(deadline); time.Sleep(10 * time.Millisecond) {
		if c, err := net.Dial("tcp", address); err == nil {
			c.Close()
			return address
		}
	}
	log, _ := os.ReadFile(filepath.Join(dir, "error.log"))
	t.Fatalf("nginx does not answer: %s", log)
	return ""
}

// What nginx does when its time is up, in the preset's own time.
func TestNginxDefaultTimeouts(t *testing.T) {
	bubble(t, byReverse, "nginx-default", func(t *testing.T, p *road) {
		origin := p.serve(script(10*time.Second, "held back", time.Hour))
		p.get()
		p.close(origin)
		p.expect("1m10s head 200", "1m10s cut")
	})
	bubble(t, byReverse, "nginx-default", func(t *testing.T, p *road) {
		origin := p.serve(script(time.Hour))
		p.get()
		p.close(origin)
		p.expect("1m0s head 504", "1m0s idle timeout\n", "1m0s end")
	})
}
