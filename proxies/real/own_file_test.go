package real_test

import (
	"errors"
	"io"
	"net/http"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/cometbench/cometbench/proxies"
	"github.com/cometbench/cometbench/proxies/real"
)

// mistakes are files with one mistake, and what the program says of it.
var mistakes = map[string]struct{ file, says string }{
	"apache2": {"LoadModule mpm_event_module /usr/lib/apache2/modules/mod_mpm_event.so\nListen {{.Listen}}\nProxyPas / {{.OriginURL}}/\n",
		"Syntax error on line 3 of my.conf: Invalid command 'ProxyPas', perhaps misspelled"},
	"caddy": {":{{.ListenPort}} {\n\trevrse_proxy {{.Origin}}\n}\n", "my.conf:2: unrecognized directive: revrse_proxy"},
	"envoy": {"static_resources:\n  listenrs: []\n# {{.ListenPort}} {{.OriginPort}}\n", "error "}, // untested
	"h2o": {"listen: {{.ListenPort}}\nhosts:\n  default:\n    paths:\n      /:\n        proxy.revrse.url: {{.OriginURL}}\n",
		"[my.conf:6] unknown command: proxy.revrse.url"},
	"haproxy": {"frontend a\n bind {{.Listen}}\n servr a {{.Origin}}\n", "parsing [my.conf:3] : unknown keyword 'servr' in 'frontend' section"},
	"lighttpd": {"server.bind = \"{{.ListenHost}}\"\nserver.port = {{.ListenPort}}\nproxy.server = ( \"\" => ( ( \"host\" => \"{{.Origin}}\" ) )\n",
		"my.conf line: "},
	"mitmproxy": {"listen_port: {{.ListenPort}}\nmode: [{{.OriginURL}}\n", "Error reading my.conf: Config error at line "},
	"nghttpx":   {"frontend={{.ListenHost}},{{.ListenPort}};no-tls\nbckend={{.OriginHost}},{{.OriginPort}}\n", "Unknown option: bckend"},
	"nginx":     {"events {}\nhttp {\n server { listen {{.Listen}}; proxy_pas {{.OriginURL}}; }\n}\n", `unknown directive "proxy_pas" in my.conf:3`},
	"privoxy":   {"listen-address {{.Listen}}\npermit-access 127.0.0.1 {{.Origin}}\nactionsfile {{.Dir}}/nosuch.action\n", "can't load actions file 'my.conf': No such file or directory."},
	"squid":     {"http_port {{.Listen}}\nhttp_acess allow all\ncache_peer {{.OriginHost}} parent {{.OriginPort}} 0\n", "my.conf(2): unrecognized: 'http_acess'"},
	"tinyproxy": {"Port {{.ListenPort}}\nListn {{.ListenHost}}\nUpstream http {{.Origin}}\n", "Syntax error on line 2"},
	"traefik":   {"http:\n  services:\n    a:\n      loadBalancr:\n        servers: [{url: \"{{.OriginURL}}\"}]\n", "Error while building configuration"},
	"trafficserver": {"CONFIG proxy.config.http.server_ports STRING {{.ListenPort}}\n-- remap.config --\nmapp / {{.OriginURL}}/\n",
		"[ReverseProxy] failed to add remap rule at my.conf line 3: unknown mapping type at line 3"},
	"varnish": {"vcl 4.1;\nbackend a {\n .host = \"{{.OriginHost}}\"; .prt = \"{{.OriginPort}}\";\n}\n",
		"Unknown field: 'prt' ('my.conf' Line 3 Pos "},
}

func TestOwnFileIsRefusedInTheProgramsWords(t *testing.T) {
	to := origin(t, func(w http.ResponseWriter, r *http.Request) {})
	t.Chdir(t.TempDir())
	for _, program := range real.Programs() {
		t.Run(program.Name, func(t *testing.T) {
			mistake, ok := mistakes[program.Name]
			if !ok {
				t.Fatal("no mistake for this program")
			}
			if err := os.WriteFile("my.conf", []byte(mistake.file), 0o644); err != nil {
				t.Fatal(err)
			}
			in, err := parse(t, "real:"+program.Name+"@my.conf").Start(t.Context(), proxies.Env{Origin: to})
			if err == nil {
				in.Close()
			}
			var refused *real.ConfigError
			if !errors.As(err, &refused) || !strings.HasPrefix(refused.Message, mistake.says) || strings.Contains(err.Error(), "\n") {
				t.Errorf("error %v, want %s", err, mistake.says)
			}
		})
	}
}

// systems are what an administrator would bring along: the files of Debian, with
// the parts that reach into the system.
var systems = map[string]string{
	"apache2": "DefaultRuntimeDir ${APACHE_RUN_DIR}\nPidFile ${APACHE_PID_FILE}\nMutex file:/var/lock/apache2 default\nUser ${APACHE_RUN_USER}\nGroup ${APACHE_RUN_GROUP}\n" +
		"ErrorLog ${APACHE_LOG_DIR}/error.log\nLogLevel warn\nIncludeOptional mods-enabled/mpm_*.load\nIncludeOptional mods-enabled/authz_core.load\n" +
		"Include mods-available/proxy.load\nInclude mods-available/proxy_http.load\nListen {{.Listen}}\n<Directory />\n\tRequire all denied\n</Directory>\n" +
		"<VirtualHost *>\n\tErrorLog /var/log/apache2/site.log\n\tCustomLog /var/log/apache2/site.log \\\n\t\tcombined\n\tProxyPass / {{.OriginURL}}/\n</VirtualHost>\n",
	"caddy": "{\n\tadmin localhost:2019\n\tlog {\n\t\toutput file /var/log/caddy/all.log\n\t}\n}\n" +
		":{{.ListenPort}} {\n\tbind {{.ListenHost}}\n\tlog {\n\t\toutput file /var/log/caddy/access.log\n\t}\n\treverse_proxy {{.Origin}}\n}\n",
	"h2o": "server-name: \"h2o (Debian)\"\nuser: debian-h2o\naccess-log: \"|rotatelogs -l -f /var/log/h2o/access.log 86400\"\n" +
		"error-log: \"|rotatelogs -l -f /var/log/h2o/error.log 86400\"\npid-file: /run/h2o.pid\n" +
		"listen:\n  host: {{.ListenHost}}\n  port: {{.ListenPort}}\nhosts:\n  default:\n    access-log: /var/log/h2o/default.log\n    paths:\n      /:\n        proxy.reverse.url: {{.OriginURL}}/\n",
	"haproxy": "global\n\tlog /dev/log local0\n\tchroot /var/lib/haproxy\n\tstats socket /run/haproxy/admin.sock mode 660\n\tuser haproxy\n\tgroup haproxy\n\tdaemon\n" +
		"defaults\n\tmode http\n\tlog global\n\ttimeout connect 5s\n\ttimeout client 5s\n\ttimeout server 5s\nlisten web\n\tbind {{.Listen}}\n\tserver origin {{.Origin}}\n",
	"lighttpd": "server.modules = ( \"mod_access\", \"mod_proxy\", \"mod_status\" )\nserver.document-root = \"/var/www/html\"\nserver.upload-dirs = (\n\t\"/var/cache/lighttpd/uploads\"\n)\n" +
		"server.errorlog = \"/var/log/lighttpd/error.log\"\nserver.pid-file = \"/run/lighttpd.pid\"\nserver.username = \"www-data\"\nserver.groupname = \"www-data\"\n" +
		"server.bind = \"{{.ListenHost}}\"\nserver.port = {{.ListenPort}}\nproxy.server = ( \"\" => ( ( \"host\" => \"{{.OriginHost}}\", \"port\" => {{.OriginPort}} ) ) )\n",
	"mitmproxy": "confdir: ~/.mitmproxy\nlisten_host: {{.ListenHost}}\nlisten_port: {{.ListenPort}}\nmode: reverse:{{.OriginURL}}\n",
	"nghttpx": "frontend={{.ListenHost}},{{.ListenPort}};no-tls\nbackend={{.OriginHost}},{{.OriginPort}}\nerrorlog-syslog=yes\nworkers=1\n" +
		"user=nobody\npid-file=/run/nghttpx.pid\naccesslog-file=/var/log/nghttpx.log\n",
	"nginx": "user www-data;\npid /run/nginx.pid;\nerror_log /var/log/nginx/error.log;\nevents { worker_connections 768; }\n" +
		"http {\n\taccess_log /var/log/nginx/access.log;\n\tserver {\n\t\tlisten {{.Listen}};\n\t\tlocation / { proxy_pass {{.OriginURL}}; }\n\t}\n}\n",
	"privoxy": "confdir /etc/privoxy\nlogdir /var/log/privoxy\nlogfile logfile\nactionsfile match-all.action\nactionsfile default.action\nfilterfile default.filter\n" +
		"listen-address {{.Listen}}\npermit-access 127.0.0.1 {{.Origin}}\n",
	"squid": "access_log daemon:/var/log/squid/access.log squid\ncache_log /var/log/squid/cache.log\ncache_dir ufs /var/spool/squid 100 16 256\n" +
		"coredump_dir /var/spool/squid\npid_filename /run/squid.pid\ncache_effective_user proxy\nlogfile_rotate 0\n" +
		"acl origin_host dst {{.OriginHost}}\nacl origin_port port {{.OriginPort}}\nhttp_access allow localhost manager\n" +
		"http_access deny !origin_host\nhttp_access deny !origin_port\nhttp_access allow localhost\nhttp_port {{.Listen}}\n",
	"tinyproxy": "User tinyproxy\nGroup tinyproxy\nPort {{.ListenPort}}\nListen {{.ListenHost}}\nLogFile \"/var/log/tinyproxy/tinyproxy.log\"\n" +
		"PidFile \"/run/tinyproxy/tinyproxy.pid\"\nStatFile \"/usr/share/tinyproxy/stats.html\"\n# {{.Origin}}\nMaxClients 100\nAllow 127.0.0.1\n",
	"traefik": "http:\n  routers:\n    a: {rule: PathPrefix(`/`), service: a}\n  services:\n    a:\n      loadBalancer:\n        servers: [{url: \"{{.OriginURL}}\"}]\n",
	"trafficserver": "CONFIG proxy.config.admin.user_id STRING trafficserver\nCONFIG proxy.config.log.logfile_dir STRING /var/log/trafficserver\n" +
		"CONFIG proxy.config.http.server_ports STRING {{.ListenPort}}:ip-in={{.ListenHost}}\n-- remap.config --\nmap / {{.OriginURL}}/\n",
	"varnish": "vcl 4.1;\nbackend default {\n    .host = \"{{.OriginHost}}\";\n    .port = \"{{.OriginPort}}\";\n}\nsub vcl_recv {\n}\n",
}

func TestOwnFileFromTheSystem(t *testing.T) {
	to := origin(t, func(w http.ResponseWriter, r *http.Request) { io.WriteString(w, "hello") })
	home := t.TempDir()
	t.Setenv("HOME", home)
	for _, program := range real.Programs() {
		t.Run(program.Name, func(t *testing.T) {
			text, ok := systems[program.Name]
			if program.Name == "envoy" {
				t.Skip("no package, so no file that a system brings along")
			}
			if !ok {
				t.Fatal("no file for this program")
			}
			file := filepath.Join(t.TempDir(), "my.conf")
			if err := os.WriteFile(file, []byte(text), 0o644); err != nil {
				t.Fatal(err)
			}
			p := parse(t, "real:"+program.Name+"@"+file)
			in := start(t, p, to)
			c, u := reach(t, in, to)
			if got := get(t, c, u); got != "hello" {
				t.Errorf("got %q", got)
			}
			if programOf(p) != "h2o" { // whose status page only our own configurations have
				counted(t, p, in, 1)
			}
		})
	}
	if left, err := os.ReadDir(home); err != nil || len(left) > 0 {
		t.Errorf("left behind at home: %v, %v", left, err)
	}
}
