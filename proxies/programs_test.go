package proxies

import (
	"bytes"
	"net"
	"os"
	"os/exec"
	"os/user"
	"path/filepath"
	"strings"
	"testing"
	"testing/synctest"
	"text/template"
	"time"
)

// program is what a preset was measured on, and what was seen there. Each of
// behaviours() has a value; leftOut are those of the preset that differ,
// because no fault does what the program does.
type program struct {
	preset  string
	name    string   // of the executable
	version []string // arguments that make it tell its version
	is      string   // in what it tells
	run     func(file, dir, listen, origin string) []string
	forward bool
	seen    map[string]string
	leftOut map[string]string
}

// usual is a program that adds and holds nothing; with changes it is another.
func usual(changes ...string) map[string]string {
	m := map[string]string{
		"asked": "HTTP/1.1", "chunks": "0 20 40 40 end", "until close": "0 20 40 40 end", "length": "0 20 40 end", "page": "20 40 40 end",
		"broken off": "cut", "leaves before the head": "told", "leaves after the head": "told", "upgrade": "both ways", "upload": "streams",
	}
	for i := 0; i < len(changes); i += 2 {
		m[changes[i]] = changes[i+1]
	}
	return m
}

func programs() []program {
	with := func(args ...string) func(string, string, string, string) []string {
		return func(file, dir, _, _ string) []string {
			out := make([]string, len(args))
			for i, a := range args {
				out[i] = strings.NewReplacer("FILE", file, "DIR", dir).Replace(a)
			}
			return out
		}
	}
	varnish := func(file, dir, listen, _ string) []string {
		return []string{"-F", "-a", listen, "-T", "none", "-f", file, "-n", dir + "/n", "-s", "malloc,16m"}
	}
	untold := []string{"leaves before the head", "untold", "leaves after the head", "untold"}
	return []program{
		{"nginx-default", "nginx", []string{"-v"}, "nginx/1.22.1", with("-e", "DIR/error.log", "-p", "DIR", "-c", "FILE"), false,
			usual("asked", "HTTP/1.0", "until close", "- - - 40 end", "length", "- - 40 end", "chunks", "- 20 40 40 end", "page", "- - + end gzip", "upgrade", "dropped", "upload", "held"), nil},
		{"nginx-streaming", "nginx", []string{"-v"}, "nginx/1.22.1", with("-e", "DIR/error.log", "-p", "DIR", "-c", "FILE"), false, usual(), nil},
		{"haproxy-default", "haproxy", []string{"-v"}, "version 2.6.12", with("-db", "-f", "FILE"), false, usual(untold...), nil},
		{"haproxy-streaming", "haproxy", []string{"-v"}, "version 2.6.12", with("-db", "-f", "FILE"), false, usual(), nil},
		{"apache-default", "apache2", []string{"-v"}, "Apache/2.4.71", with("-f", "FILE", "-DFOREGROUND"), false,
			usual(append(untold, "page", "+ + + end gzip", "upgrade", "dropped", "upload", "held")...), nil},
		{"apache-streaming", "apache2", []string{"-v"}, "Apache/2.4.71", with("-f", "FILE", "-DFOREGROUND"), false, usual(append(untold, "upload", "held")...), nil},
		{"squid-default", "squid", []string{"--version"}, "Version 5.7", with("-N", "-f", "FILE"), true, usual("upgrade", "dropped"), nil},
		{"varnish-default", "varnishd", []string{"-V"}, "varnish-7.1.1", varnish, false, usual(append(untold, "upgrade", "dropped")...), nil},
		{"varnish-pipe", "varnishd", []string{"-V"}, "varnish-7.1.1", varnish, false, usual(), nil},
		{"caddy-default", "caddy", []string{"version"}, "2.6.2", with("run", "--config", "FILE", "--adapter", "caddyfile"), false,
			usual("length", "- - 40 end", "broken off", "end"), nil},
		{"caddy-flush", "caddy", []string{"version"}, "2.6.2", with("run", "--config", "FILE", "--adapter", "caddyfile"), false,
			usual(append(untold, "broken off", "end")...), nil},
		{"lighttpd-default", "lighttpd", []string{"-v"}, "lighttpd/1.4.69", with("-D", "-f", "FILE"), false,
			usual(append(untold, "chunks", "- - - 40 end", "until close", "- - - 40 end", "length", "- - 40 end", "page", "- - 40 end",
				"broken off", "end", "upgrade", "dropped", "upload", "held")...), nil},
		{"lighttpd-streaming", "lighttpd", []string{"-v"}, "lighttpd/1.4.69", with("-D", "-f", "FILE"), false,
			// Told by the reset of a client that leaves bytes unread, which is not how browsers leave.
			usual("leaves before the head", "untold"), map[string]string{"leaves after the head": "untold"}},
		{"h2o-default", "h2o", []string{"--version"}, "h2o version 2.2.5", with("-c", "FILE"), false,
			usual(append(untold, "chunks", "- 20 40 40 end", "until close", "- 20 40 40 end", "length", "- 20 40 end", "broken off", "end", "upgrade", "dropped", "upload", "held")...), nil},
		{"nghttpx-default", "nghttpx", []string{"--version"}, "nghttpx nghttp2/1.52.0", func(_, _, listen, origin string) []string {
			port := func(s string) string { return strings.Replace(s, ":", ",", 1) }
			return []string{"--conf=/dev/null", "-f" + port(listen) + ";no-tls", "-b" + port(origin), "--workers=1"}
		}, false, usual(), nil},
		{"tinyproxy-default", "tinyproxy", []string{"-v"}, "tinyproxy 1.11.1", with("-d", "-c", "FILE"), true,
			usual("leaves before the head", "untold", "upgrade", "dropped"), nil},
		{"privoxy-default", "privoxy", []string{"--help"}, "version 3.0.34", with("--no-daemon", "FILE"), true,
			usual("page", "- - 40 end", "broken off", "cut", "upgrade", "from the origin only", "upload", "held"),
			// It waits for nothing where the origin had said Connection: close, as it does here.
			map[string]string{"broken off": "open"}},
		{"mitmproxy-default", "mitmdump", []string{"--version"}, "8.1.1", func(_, dir, listen, _ string) []string {
			host, port, _ := net.SplitHostPort(listen)
			return []string{"-q", "--set", "confdir=" + dir, "--listen-host", host, "-p", port}
		}, true, usual("chunks", "- - - 40 end", "until close", "- - - 40 end", "length", "- - 40 end", "page", "- - 40 end", "broken off", "502", "upload", "held"), nil},
	}
}

// Each measured preset does what its program was seen to do.
func TestPresetsDoAsMeasured(t *testing.T) {
	for _, program := range programs() {
		for name, behave := range behaviours() {
			t.Run(program.preset+"/"+name, func(t *testing.T) {
				w := byReverse
				if program.forward {
					w = byForward
				}
				want := program.seen[name]
				if other, ok := program.leftOut[name]; ok {
					want = other
				}
				bubble(t, w, program.preset, func(t *testing.T, p *road) {
					b := newBench(t, p.net.listen(originAddr))
					b.settle = func(func() bool) { time.Sleep(time.Second); synctest.Wait() }
					b.dial = func() (c net.Conn) { c, _, b.base = p.connect(); return c }
					if got := behave(b, want); got != want {
						t.Errorf("%s, measured: %s", got, want)
					}
					b.close()
					p.close()
				})
			})
		}
	}
}

// The programs themselves, where they are installed in the version measured.
// It takes a minute and starts a dozen servers: make programs.
func TestProgramsDoAsMeasured(t *testing.T) {
	if os.Getenv("COMETBENCH_PROGRAMS") == "" {
		t.Skip("COMETBENCH_PROGRAMS is not set; make programs sets it")
	}
	for _, program := range programs() {
		t.Run(program.preset, func(t *testing.T) {
			t.Parallel()
			file := findProgram(t, program)
			origin, err := net.Listen("tcp", "127.0.0.1:0")
			if err != nil {
				t.Fatal(err)
			}
			address := startProgram(t, program, file, origin.Addr().String())
			b := newBench(t, origin)
			defer b.close()
			b.settle = settleReal
			if program.forward {
				b.base = "http://" + origin.Addr().String()
			}
			b.dial = func() net.Conn {
				c, err := net.Dial("tcp", address)
				if err != nil {
					t.Fatal(err)
				}
				return c
			}
			for name, behave := range behaviours() {
				want := program.seen[name]
				if got := behave(b, want); got != want {
					t.Errorf("%s: %s, want %s", name, got, want)
				}
			}
		})
	}
}

// findProgram skips the test where the program is not there as it was measured.
func findProgram(t *testing.T, p program) string {
	file, err := exec.LookPath(p.name)
	if err != nil {
		file = filepath.Join("/usr/sbin", p.name)
	}
	if told, err := exec.Command(file, p.version...).CombinedOutput(); !strings.Contains(string(told), p.is) {
		t.Skipf("%s with %s is not installed: %.100s %v", p.name, p.is, told, err)
	}
	return file
}

func startProgram(t *testing.T, p program, file, origin string) (listen string) {
	dir := t.TempDir()
	free, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	listen = free.Addr().String()
	free.Close()
	config := filepath.Join(dir, "config")
	if text, err := os.ReadFile(filepath.Join("testdata/programs", p.preset+".conf")); err == nil {
		writeConfig(t, config, string(text), dir, listen, origin)
	}
	var told bytes.Buffer
	cmd := exec.Command(file, p.run(config, dir, listen, origin)...)
	cmd.Stdout, cmd.Stderr, cmd.Dir = &told, &told, dir
	cmd.Env = append(os.Environ(), "HOME="+dir)
	if err := cmd.Start(); err != nil {
		t.Skip(err)
	}
	t.Cleanup(func() { _ = cmd.Process.Signal(os.Interrupt); _ = cmd.Wait() })
	for deadline := time.Now().Add(20 * time.Second); time.Now().Before(deadline); time.Sleep(20 * time.Millisecond) {
		if c, err := net.Dial("tcp", listen); err == nil {
			c.Close()
			return listen
		}
	}
	_ = cmd.Process.Kill()
	_ = cmd.Wait()
	t.Fatalf("%s does not answer: %s", p.name, told.String())
	return ""
}

// writeConfig fills a template in. Programs that give root up must be able to
// read what is in dir.
func writeConfig(t *testing.T, file, text, dir, listen, origin string) {
	tmpl, err := template.New("").Parse(text)
	if err != nil {
		t.Fatal(err)
	}
	host, port, _ := net.SplitHostPort(listen)
	originHost, originPort, _ := net.SplitHostPort(origin)
	name := "nobody"
	if u, err := user.Current(); err == nil && u.Uid != "0" {
		name = u.Username
	}
	var out bytes.Buffer
	err = tmpl.Execute(&out, map[string]string{
		"Dir": dir, "Listen": listen, "Host": host, "Port": port, "Origin": origin, "OriginHost": originHost, "OriginPort": originPort, "User": name,
	})
	if err == nil {
		err = os.WriteFile(file, out.Bytes(), 0o644)
	}
	for d := dir; err == nil && d != os.TempDir() && len(d) > 1; d = filepath.Dir(d) {
		err = os.Chmod(d, 0o777)
	}
	if err != nil {
		t.Fatal(err)
	}
}
