package real_test

import (
	"errors"
	"io/fs"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/cometbench/cometbench/proxies"
	"github.com/cometbench/cometbench/proxies/real"
)

func TestParse(t *testing.T) {
	own := filepath.Join(t.TempDir(), "a@b", "my.conf")
	if err := os.Mkdir(filepath.Dir(own), 0o755); err != nil {
		t.Fatal(err)
	}
	if err := os.WriteFile(own, []byte("listen {{.Listen}}; proxy_pass {{.OriginURL}}; proxy_http_version 1.1;"), 0o644); err != nil {
		t.Fatal(err)
	}
	for spec, back := range map[string]string{
		"real:nginx":             "1.0",
		"real:nginx/stock":       "1.0",
		"real:nginx/streaming":   "1.1",
		"real:haproxy":           "1.1",
		"real:haproxy/streaming": "1.1",
		"real:nginx@" + own:      "1.1",
		"real:nginx/modsecurity": "1.1",
		"real:apache2/jk":        "1.1",
		"real:lighttpd":          "1.1",
		"real:varnish/streaming": "1.1",
	} {
		p, err := real.Parse(spec)
		if err != nil {
			t.Errorf("Parse(%s): %v", spec, err)
			continue
		}
		c := p.Capabilities()
		if p.Name() != spec || p.Scope() != proxies.Shared || c.Foreign || c.Scalable || c.Back[0] != back {
			t.Errorf("Parse(%s) = %s, scope %s, %+v", spec, p.Name(), p.Scope(), c)
		}
	}
}

func TestParseSuggestsNames(t *testing.T) {
	for spec, want := range map[string]proxies.UnknownNameError{
		"real:ngnix":          {Kind: "real proxy", Name: "ngnix", Nearest: "nginx"},
		"real:HAproxy/stock":  {Kind: "real proxy", Name: "HAproxy", Nearest: "haproxy"},
		"real:":               {Kind: "real proxy"},
		"real:pound@x":        {Kind: "real proxy", Name: "pound"},
		"real:nginx/stream":   {Kind: "configuration of nginx", Name: "stream", Nearest: "streaming"},
		"real:haproxy/":       {Kind: "configuration of haproxy"},
		"real:nginx/stock/up": {Kind: "configuration of nginx", Name: "stock/up", Nearest: ""},
	} {
		_, err := real.Parse(spec)
		var got *proxies.UnknownNameError
		if !errors.As(err, &got) {
			t.Errorf("Parse(%s): %v", spec, err)
			continue
		}
		if got.Kind != want.Kind || got.Name != want.Name || got.Nearest != want.Nearest || len(got.Known) < 2 {
			t.Errorf("Parse(%s): %+v, want %+v", spec, *got, want)
		}
	}
}

func TestParseRefusesFiles(t *testing.T) {
	t.Chdir(t.TempDir())
	files := map[string]string{
		"syntax.conf":   "listen {{.Listen}};\nproxy_pass {{.Origin;",
		"field.conf":    "listen {{.Listen}};\n  proxy_pass {{.Upstream}};",
		"nolisten.conf": "listen 8080; proxy_pass {{.OriginURL}};",
		"noorigin.conf": "listen {{.Listen}}; return 204;",
		"large.conf":    strings.Repeat("#", 1<<20+1),
	}
	for name, text := range files {
		if err := os.WriteFile(name, []byte(text), 0o644); err != nil {
			t.Fatal(err)
		}
	}
	for spec, want := range map[string]string{
		"nginx@syntax.conf":         "syntax.conf:2:",
		"nginx@field.conf":          "field.conf:2:15:",
		"nginx@nolisten.conf":       "nolisten.conf: it does not say {{.Listen}}",
		"nginx@noorigin.conf":       "noorigin.conf: it does not say {{.Origin}}",
		"nginx@large.conf":          "larger than",
		"nginx@gone.conf":           "open gone.conf: no such file or directory",
		"nginx@.":                   "is a directory",
		"nginx@":                    "no file after @",
		"nginx/stock@noorigin.conf": "give one",
	} {
		_, err := real.Parse("real:" + spec)
		if err == nil || !strings.Contains(err.Error(), want) || !strings.Contains(err.Error(), spec) {
			t.Errorf("Parse(real:%s): %v, want %q", spec, err, want)
		}
		if strings.Contains(spec, "gone") && !errors.Is(err, fs.ErrNotExist) {
			t.Errorf("Parse(real:%s): %v is not ErrNotExist", spec, err)
		}
		if err != nil && strings.Contains(err.Error(), "\n") {
			t.Errorf("Parse(real:%s): more than a line: %v", spec, err)
		}
	}
	if _, err := real.Parse("nginx"); err == nil {
		t.Error("a spec without real: was taken")
	}
}

func TestMissingProgram(t *testing.T) {
	for _, p := range real.Programs() {
		if (p.Package == "") == (p.URL == "") {
			t.Errorf("%s comes from package %q and URL %q; want one of them", p.Name, p.Package, p.URL)
		}
		if _, err := p.Find(); err == nil {
			continue // it is there; its absence is tested below
		}
		t.Logf("%s is missing here", p.Name)
	}
	gone := real.Program{Name: "no-such-proxy", Package: "no-such-package"}
	_, err := gone.Find()
	var missing *proxies.MissingError
	if !errors.As(err, &missing) || missing.Program != gone.Name || missing.Package != gone.Package {
		t.Errorf("Find = %v", err)
	}
	if _, err := gone.Version(t.Context()); !errors.As(err, &missing) {
		t.Errorf("Version = %v", err)
	}
	elsewhere := real.Program{Name: "no-such-proxy", URL: "https://example.com/"}
	if _, err := elsewhere.Find(); err == nil || err.Error() != "no-such-proxy is not installed; Debian has no package of it, see https://example.com/" {
		t.Errorf("Find = %v", err)
	}
}
