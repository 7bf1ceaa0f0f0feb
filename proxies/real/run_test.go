package real_test

import (
	"context"
	"errors"
	"fmt"
	"io"
	"net/http"
	"net/http/httptest"
	"net/url"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"

	"go.uber.org/goleak"

	"github.com/cometbench/cometbench/proxies"
	"github.com/cometbench/cometbench/proxies/real"
)

func TestMain(m *testing.M) {
	if spec := os.Getenv(asParent); spec != "" {
		startAndHang(spec)
	}
	goleak.VerifyTestMain(m)
}

// asParent is set in the environment of a process that starts the proxy of that
// spec and never stops it.
const asParent = "COMETBENCH_TEST_AS_PARENT"

// startAndHang prints the directory of a started proxy and waits to be killed.
func startAndHang(spec string) {
	p, err := real.Parse(spec)
	if err == nil {
		var in proxies.Instance
		in, err = p.Start(context.Background(), proxies.Env{Origin: &url.URL{Scheme: "http", Host: "127.0.0.1:1"}})
		if err == nil {
			fmt.Println(in.(*real.Instance).Dir())
			select {}
		}
	}
	fmt.Fprintln(os.Stderr, err)
	os.Exit(1)
}

// each runs a test for every program with every configuration that comes with
// it, where the program is installed.
func each(t *testing.T, test func(t *testing.T, p proxies.Proxy)) {
	for _, program := range real.Programs() {
		for _, config := range program.Configs {
			t.Run(program.Name+"/"+config.Name, func(t *testing.T) {
				test(t, parse(t, "real:"+program.Name+"/"+config.Name))
			})
		}
	}
}

// stock runs a test for every program with its first configuration.
func stock(t *testing.T, test func(t *testing.T, p proxies.Proxy)) {
	for _, program := range real.Programs() {
		t.Run(program.Name, func(t *testing.T) { test(t, parse(t, "real:"+program.Name)) })
	}
}

func parse(t *testing.T, spec string) proxies.Proxy {
	t.Helper()
	p, err := real.Parse(spec)
	if err != nil {
		t.Fatal(err)
	}
	if err := p.Available(); err != nil {
		t.Skip(err)
	}
	return p
}

func origin(t *testing.T, h http.HandlerFunc) *url.URL {
	t.Helper()
	s := httptest.NewServer(h)
	t.Cleanup(s.Close)
	u, err := url.Parse(s.URL)
	if err != nil {
		t.Fatal(err)
	}
	return u
}

func start(t *testing.T, p proxies.Proxy, to *url.URL) *real.Instance {
	t.Helper()
	in, err := p.Start(t.Context(), proxies.Env{Origin: to})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		if err := in.Close(); err != nil {
			t.Error(err)
		}
	})
	return in.(*real.Instance)
}

// client returns one that keeps no connections.
func client(t *testing.T) *http.Client {
	transport := &http.Transport{DisableKeepAlives: true}
	t.Cleanup(transport.CloseIdleConnections)
	return &http.Client{Transport: transport, Timeout: 30 * time.Second}
}

func get(t *testing.T, c *http.Client, u *url.URL) string {
	t.Helper()
	resp, err := c.Get(u.String())
	if err != nil {
		t.Fatal(err)
	}
	defer resp.Body.Close()
	body, err := io.ReadAll(resp.Body)
	if err != nil {
		t.Fatal(err)
	}
	return textOf(resp.StatusCode, body)
}

func textOf(status int, body []byte) string {
	if status != http.StatusOK {
		return http.StatusText(status) + ": " + string(body)
	}
	return string(body)
}

// counted checks an instance's counters after n requests, each on a connection of
// its own. Some programs count what they have answered a moment later; none may
// count more.
func counted(t *testing.T, p proxies.Proxy, in *real.Instance, n int) {
	t.Helper()
	if isOne(p, "envoy", "traefik") {
		if s := in.Stats(); s.Hits != -1 || s.Accepted != -1 {
			t.Errorf("counters without a source: %+v", s)
		}
		return
	}
	for deadline := time.Now().Add(20 * time.Second); ; time.Sleep(5 * time.Millisecond) {
		s := in.Stats()
		late := s.Hits >= 0 && s.Hits < n || s.Accepted >= 0 && s.Accepted < n
		if late && time.Now().Before(deadline) {
			continue
		}
		if s.Hits != n || s.Accepted != n && s.Accepted != -1 {
			t.Errorf("after %d requests: %+v", n, s)
		}
		return
	}
}

// fewest is how many processes a program consists of at least: a master and a
// worker, but for those that are one.
func fewest(p proxies.Proxy) int {
	if isOne(p, "envoy", "lighttpd", "traefik") {
		return 1
	}
	return 2
}

// reloads reports whether a program reads its configuration again when told.
func reloads(p proxies.Proxy) bool { return !isOne(p, "envoy", "traefik") }

// isOne reports whether p is one of these programs.
func isOne(p proxies.Proxy, programs ...string) bool {
	name, _, _ := strings.Cut(strings.TrimPrefix(p.Name(), real.Prefix), "/")
	name, _, _ = strings.Cut(name, "@")
	return slices.Contains(programs, name)
}

func TestServesAndCounts(t *testing.T) {
	each(t, func(t *testing.T, p proxies.Proxy) {
		in := start(t, p, origin(t, func(w http.ResponseWriter, r *http.Request) { io.WriteString(w, "hello "+r.Proto) }))
		counted(t, p, in, 0)
		c := client(t)
		for range 3 {
			want := "hello HTTP/" + p.Capabilities().Back[0]
			if got := get(t, c, in.Route().Base); got != want {
				t.Errorf("got %q, want %q", got, want)
			}
		}
		for range 2 { // asking must not count
			counted(t, p, in, 3)
		}
		if in.Version() == "" || !strings.HasPrefix(in.ConfigHash(), "sha256:") {
			t.Errorf("version %q, configuration %q", in.Version(), in.ConfigHash())
		}
		if info, err := os.Stat(in.Dir()); err != nil || info.Mode().Perm() != 0o700 {
			t.Errorf("directory: %v, %v", info, err)
		}
		if u, err := in.Usage(); err != nil || u.Processes < fewest(p) || u.RSS == 0 || u.Descriptors == 0 {
			t.Errorf("usage %+v, %v", u, err)
		}
	})
}

// Bodies that do not fit into the buffers in memory need the temporary
// directories.
func TestLargeBodies(t *testing.T) {
	const size, times = 900 << 10, 8 // nginx takes 1 MB unless told otherwise
	each(t, func(t *testing.T, p proxies.Proxy) {
		in := start(t, p, origin(t, func(w http.ResponseWriter, r *http.Request) {
			body, err := io.ReadAll(r.Body)
			if err != nil {
				t.Error(err)
			}
			for range times {
				w.Write(body)
			}
		}))
		body := strings.Repeat("0123456789abcdef", size/16)
		resp, err := client(t).Post(in.Route().Base.String(), "text/plain", struct{ io.Reader }{strings.NewReader(body)})
		if err != nil {
			t.Fatal(err)
		}
		defer resp.Body.Close()
		got, err := io.ReadAll(resp.Body)
		if err != nil || string(got) != strings.Repeat(body, times) {
			t.Errorf("%s, %d bytes back, %v", resp.Status, len(got), err)
		}
	})
}

func TestReloadKeepsServingAndCounting(t *testing.T) {
	stock(t, func(t *testing.T, p proxies.Proxy) {
		in := start(t, p, origin(t, func(w http.ResponseWriter, r *http.Request) { io.WriteString(w, "hello") }))
		c := client(t)
		for i := range 3 {
			if got := get(t, c, in.Route().Base); got != "hello" {
				t.Errorf("after %d reloads: %q", i, got)
			}
			counted(t, p, in, i+1)
			if err := in.Reload(t.Context()); reloads(p) != (err == nil) {
				t.Fatal(err)
			}
		}
	})
}

func TestATakenPort(t *testing.T) {
	stock(t, func(t *testing.T, p proxies.Proxy) {
		other := origin(t, func(w http.ResponseWriter, r *http.Request) {})
		_, err := p.Start(t.Context(), proxies.Env{Origin: other, Listen: other.Host})
		if err == nil || !strings.Contains(err.Error(), "somebody else took the port") {
			t.Errorf("started on a taken port: %v", err)
		}
	})
}

func TestTwoOnOnePort(t *testing.T) {
	stock(t, func(t *testing.T, p proxies.Proxy) {
		in := start(t, p, origin(t, func(w http.ResponseWriter, r *http.Request) {}))
		second, err := p.Start(t.Context(), proxies.Env{Origin: in.Route().Base, Listen: in.Route().Base.Host})
		if err == nil {
			second.Close()
			t.Error("the second of two on one port started")
		}
	})
}

func TestOwnFileIsRefusedInTheProgramsWords(t *testing.T) {
	to := origin(t, func(w http.ResponseWriter, r *http.Request) {})
	t.Chdir(t.TempDir())
	files := map[string][2]string{
		"nginx":   {"events {}\nhttp {\n server { listen {{.Listen}}; proxy_pas {{.OriginURL}}; }\n}\n", `unknown directive "proxy_pas" in my.conf:3`},
		"haproxy": {"frontend a\n bind {{.Listen}}\n servr a {{.Origin}}\n", "parsing [my.conf:3] : unknown keyword 'servr' in 'frontend' section"},
		"apache2": {"LoadModule mpm_event_module /usr/lib/apache2/modules/mod_mpm_event.so\nListen {{.Listen}}\nProxyPas / {{.OriginURL}}/\n",
			"Syntax error on line 3 of my.conf: Invalid command 'ProxyPas', perhaps misspelled"},
		"lighttpd": {"server.bind = \"{{.ListenHost}}\"\nserver.port = {{.ListenPort}}\nproxy.server = ( \"\" => ( ( \"host\" => \"{{.Origin}}\" ) )\n",
			"my.conf line: "},
		"varnish": {"vcl 4.1;\nbackend a {\n .host = \"{{.OriginHost}}\"; .prt = \"{{.OriginPort}}\";\n}\n",
			"Unknown field: 'prt' ('my.conf' Line 3 Pos "},
		"traefik": {"http:\n  services:\n    a:\n      loadBalancr:\n        servers: [{url: \"{{.OriginURL}}\"}]\n", "Error while building configuration"},
	}
	for name, file := range files {
		t.Run(name, func(t *testing.T) {
			if err := os.WriteFile("my.conf", []byte(file[0]), 0o644); err != nil {
				t.Fatal(err)
			}
			_, err := parse(t, "real:"+name+"@my.conf").Start(t.Context(), proxies.Env{Origin: to})
			var refused *real.ConfigError
			if !errors.As(err, &refused) || !strings.HasPrefix(refused.Message, file[1]) || strings.Contains(err.Error(), "\n") {
				t.Errorf("error %v, want %s", err, file[1])
			}
		})
	}
}

// What an administrator would bring along: the files of Debian, with the parts
// that reach into the system.
func TestOwnFileFromTheSystem(t *testing.T) {
	to := origin(t, func(w http.ResponseWriter, r *http.Request) { io.WriteString(w, "hello") })
	files := map[string]string{
		"nginx": "user www-data;\npid /run/nginx.pid;\nerror_log /var/log/nginx/error.log;\nevents { worker_connections 768; }\n" +
			"http {\n\taccess_log /var/log/nginx/access.log;\n\tserver {\n\t\tlisten {{.Listen}};\n\t\tlocation / { proxy_pass {{.OriginURL}}; }\n\t}\n}\n",
		"haproxy": "global\n\tlog /dev/log local0\n\tchroot /var/lib/haproxy\n\tstats socket /run/haproxy/admin.sock mode 660\n\tuser haproxy\n\tgroup haproxy\n\tdaemon\n" +
			"defaults\n\tmode http\n\tlog global\n\ttimeout connect 5s\n\ttimeout client 5s\n\ttimeout server 5s\nlisten web\n\tbind {{.Listen}}\n\tserver origin {{.Origin}}\n",
		"apache2": "DefaultRuntimeDir ${APACHE_RUN_DIR}\nPidFile ${APACHE_PID_FILE}\nMutex file:/var/lock/apache2 default\nUser ${APACHE_RUN_USER}\nGroup ${APACHE_RUN_GROUP}\n" +
			"ErrorLog ${APACHE_LOG_DIR}/error.log\nLogLevel warn\nIncludeOptional mods-enabled/mpm_*.load\nIncludeOptional mods-enabled/authz_core.load\n" +
			"Include mods-available/proxy.load\nInclude mods-available/proxy_http.load\nListen {{.Listen}}\n<Directory />\n\tRequire all denied\n</Directory>\n" +
			"<VirtualHost *>\n\tErrorLog /var/log/apache2/site.log\n\tCustomLog /var/log/apache2/site.log \\\n\t\tcombined\n\tProxyPass / {{.OriginURL}}/\n</VirtualHost>\n",
		"lighttpd": "server.modules = ( \"mod_access\", \"mod_proxy\", \"mod_status\" )\nserver.document-root = \"/var/www/html\"\nserver.upload-dirs = (\n\t\"/var/cache/lighttpd/uploads\"\n)\n" +
			"server.errorlog = \"/var/log/lighttpd/error.log\"\nserver.pid-file = \"/run/lighttpd.pid\"\nserver.username = \"www-data\"\nserver.groupname = \"www-data\"\n" +
			"server.bind = \"{{.ListenHost}}\"\nserver.port = {{.ListenPort}}\nproxy.server = ( \"\" => ( ( \"host\" => \"{{.OriginHost}}\", \"port\" => {{.OriginPort}} ) ) )\n",
		"varnish": "vcl 4.1;\nbackend default {\n    .host = \"{{.OriginHost}}\";\n    .port = \"{{.OriginPort}}\";\n}\nsub vcl_recv {\n}\n",
	}
	for name, text := range files {
		t.Run(name, func(t *testing.T) {
			file := filepath.Join(t.TempDir(), "my.conf")
			if err := os.WriteFile(file, []byte(text), 0o644); err != nil {
				t.Fatal(err)
			}
			p := parse(t, "real:"+name+"@"+file)
			in := start(t, p, to)
			if got := get(t, client(t), in.Route().Base); got != "hello" {
				t.Errorf("got %q", got)
			}
			counted(t, p, in, 1)
		})
	}
}

func TestStartRefuses(t *testing.T) {
	stock(t, func(t *testing.T, p proxies.Proxy) {
		http, _ := url.Parse("http://127.0.0.1:1")
		https, _ := url.Parse("https://127.0.0.1:1")
		for name, env := range map[string]proxies.Env{
			"forward mode": {Origin: http, Mode: proxies.Forward},
			"a parent":     {Origin: http, Parent: http},
			"no origin":    {},
			"https":        {Origin: https},
			"no port":      {Origin: http, Listen: "127.0.0.1"},
		} {
			if in, err := p.Start(t.Context(), env); err == nil {
				in.Close()
				t.Errorf("%s: started", name)
			}
		}
		ctx, cancel := context.WithCancel(t.Context())
		cancel()
		if in, err := p.Start(ctx, proxies.Env{Origin: http}); !errors.Is(err, context.Canceled) {
			t.Errorf("with a context that is over: %v, %v", in, err)
		}
	})
}
