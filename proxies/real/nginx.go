package real

import (
	"context"
	"fmt"
	"net"
	"net/http"
	"os"
	"path/filepath"
	"regexp"
	"strings"
	"syscall"

	"github.com/cometbench/cometbench/internal/child"
	"github.com/cometbench/cometbench/proxies"
)

func nginx() Program {
	return Program{
		Name:    "nginx",
		Package: "nginx-light",
		Means:   "the commonest reverse proxy; collects responses unless told otherwise",
		Configs: []Config{
			embedded("nginx", "stock", "Debian's http settings, only the upstream set: response buffering on, HTTP/1.0 upstream, no Upgrade"),
			embedded("nginx", "streaming", "as its documentation advises: buffering off, HTTP/1.1 upstream, Upgrade passed, timeouts of 1 h"),
			embedded("nginx", "unbuffered", "half way: buffering off, everything else as stock"),
			embedded("nginx", "modsecurity", "the streaming configuration behind ModSecurity 3 with its recommended settings: looks at answers as they pass").
				with(part{"nginx's ModSecurity module", "/usr/lib/nginx/modules/ngx_http_modsecurity_module.so", "libnginx-mod-http-modsecurity"}),
		},
		driver: nginxDriver{},
	}
}

type nginxDriver struct{}

var nginxVersion = regexp.MustCompile(`nginx version: [^/\s]+/(\S+)`)

func (nginxDriver) version() ([]string, *regexp.Regexp) { return []string{"-v"}, nginxVersion }

var nginxHTTP11 = regexp.MustCompile(`(?m)^[^#\n]*\bproxy_http_version\s+1\.1\s*;`)

// back is 1.0 unless the configuration says otherwise: that is nginx's default
// up to 1.29.6.
func (nginxDriver) back(text string) string {
	if nginxHTTP11.MatchString(text) {
		return "1.1"
	}
	return "1.0"
}

// lay writes the configuration with everything that would leave the directory
// replaced (nginxPrivate), and puts the rest on the command line.
func (nginxDriver) lay(dir, text string) (child.Config, error) {
	if err := write(confPath(dir), nginxPrivate(text, nginxInside(dir))); err != nil {
		return child.Config{}, err
	}
	global := `daemon off; error_log stderr warn; pid "` + filepath.Join(dir, "nginx.pid") + `";`
	if os.Geteuid() == 0 {
		// Workers under another name could not enter our directory.
		global += " user root;"
	}
	return child.Config{
		Args: []string{"-p", dir, "-c", confPath(dir), "-e", "stderr", "-g", global},
		// The master ends its workers on these; on a kill it would leave them.
		StopSignal:  syscall.SIGTERM,
		DeathSignal: syscall.SIGTERM,
	}, nil
}

// nginxInside is what goes to the beginning of the http block: paths inside
// dir, and a place to ask for the counters.
func nginxInside(dir string) string {
	var b strings.Builder
	for _, kind := range []string{"client_body", "proxy", "fastcgi", "uwsgi", "scgi"} {
		fmt.Fprintf(&b, ` %s_temp_path "%s";`, kind, filepath.Join(dir, kind))
	}
	b.WriteString(" access_log off;")
	if path := nginxSocket(dir); len(path) < maxSocketPath {
		fmt.Fprintf(&b, ` server { listen "unix:%s"; location / { stub_status; } }`, path)
	}
	return b.String()
}

// maxSocketPath is what the smallest system allows for the path of a socket
// (104 bytes), less what haproxy appends while it makes one.
const maxSocketPath = 90

func nginxSocket(dir string) string { return filepath.Join(dir, "status.sock") }

var nginxComplaint = regexp.MustCompile(`(?m)^(?:nginx: |\S+ \S+ )?\[(?:emerg|alert|crit)\] (?:\d+#\d+: )?(.*)$`)

func (nginxDriver) complaint(stderr string) string {
	if found := nginxComplaint.FindStringSubmatch(stderr); found != nil {
		return found[1]
	}
	return ""
}

func (nginxDriver) reload() os.Signal { return syscall.SIGHUP }

// counters reads ngx_http_stub_status_module, whose answer is four lines:
//
//	Active connections: 2
//	server accepts handled requests
//	 16 16 31
//	Reading: 0 Writing: 1 Waiting: 1
func (nginxDriver) counters(ctx context.Context, dir string) (proxies.Stats, error) {
	transport := &http.Transport{
		DisableKeepAlives: true,
		DialContext: func(ctx context.Context, _, _ string) (net.Conn, error) {
			var d net.Dialer
			return d.DialContext(ctx, "unix", nginxSocket(dir))
		},
	}
	defer transport.CloseIdleConnections()
	req, err := http.NewRequestWithContext(ctx, http.MethodGet, "http://status/", nil)
	if err != nil {
		return proxies.Stats{}, fmt.Errorf("ask nginx: %w", err)
	}
	resp, err := (&http.Client{Transport: transport}).Do(req)
	if err != nil {
		return proxies.Stats{}, fmt.Errorf("ask nginx: %w", err)
	}
	defer resp.Body.Close()
	var open, accepts, handled, requests int
	n, _ := fmt.Fscanf(resp.Body, "Active connections: %d \nserver accepts handled requests\n %d %d %d \n",
		&open, &accepts, &handled, &requests)
	if resp.StatusCode != http.StatusOK || n != 4 {
		return proxies.Stats{}, fmt.Errorf("ask nginx: %w", errNoCounters)
	}
	return proxies.Stats{Hits: requests, Accepted: accepts, Upstream: -1, OpenClients: open - 1}, nil
}

// asked: the question is a connection and a request of its own.
func (nginxDriver) asked() proxies.Stats { return proxies.Stats{Hits: 1, Accepted: 1} }
