package real

import (
	"crypto/sha256"
	"embed"
	"encoding/hex"
	"errors"
	"fmt"
	"io"
	"net"
	"net/url"
	"os"
	"path/filepath"
	"regexp"
	"strings"
	"text/template"

	"github.com/cometbench/cometbench/proxies"
)

//go:embed configs/*.conf
var configs embed.FS

// Config is a configuration of a program: a text/template over Values.
type Config struct {
	Name  string `json:"name"`  // "stock"; "" for a user's own file
	Means string `json:"means"` // one sentence
	Text  string `json:"-"`     // the template
	File  string `json:"-"`     // a user's own file, as the spec gives it

	tmpl  *template.Template
	parts []part // what it needs beside the program
}

// Values are what a configuration is filled with.
type Values struct {
	Listen     string // host:port to listen on
	ListenHost string // its two parts, for configurations that want them apart;
	ListenPort string // an IPv6 address is without brackets here
	Origin     string // host:port of the origin
	OriginHost string
	OriginPort string
	OriginURL  string // http://host:port of the origin, or https
	OriginTLS  bool   // the origin speaks TLS: clients of a forward proxy send CONNECT
	Forward    bool   // clients ask in forward mode
	AJP        string // host:port of an AJP/1.3 adapter in front of the origin, started for those that name it
	AJPHost    string
	AJPPort    string
	Status     string // path for a unix socket to ask for counters on; "" when Dir's name is too long for one
	Dir        string // the instance's own directory, empty at the start and removed at the end
	Here       string // the directory of the user's own file; "" otherwise
}

// values are those of an instance in dir.
func values(listen string, origin *url.URL, mode proxies.Mode, dir string) Values {
	v := Values{Listen: listen, Origin: hostPort(origin), OriginTLS: origin.Scheme == "https", Forward: mode == proxies.Forward, Dir: dir}
	v.OriginURL = origin.Scheme + "://" + v.Origin
	v.ListenHost, v.ListenPort, _ = net.SplitHostPort(v.Listen)
	v.OriginHost, v.OriginPort, _ = net.SplitHostPort(v.Origin)
	if path := filepath.Join(dir, "status.sock"); len(path) < maxSocketPath {
		v.Status = path
	}
	return v
}

// functions are what a template can call: regexp writes a text as the pattern
// that matches it alone.
var functions = template.FuncMap{"regexp": regexp.QuoteMeta}

// embedded returns a configuration that comes with the program. Its text is a
// part of this package, so a fault in it is ours.
func embedded(program, name, means string) Config {
	return composed(name, means, program+"-"+name)
}

// composed is embedded for a configuration that is made of several files, one
// after the other.
func composed(name, means string, files ...string) Config {
	c := Config{Name: name, Means: means}
	for _, file := range files {
		text, err := configs.ReadFile("configs/" + file + ".conf")
		if err != nil {
			panic(err)
		}
		c.Text += string(text)
	}
	c.tmpl = template.Must(template.New(name).Funcs(functions).Parse(c.Text))
	return c
}

// maxFile bounds a user's own file.
const maxFile = 1 << 20

// own reads a user's own file for a program and tries it.
func own(path string, p Program) (Config, error) {
	f, err := os.Open(path)
	if err != nil {
		return Config{}, fmt.Errorf("configuration file: %w", err)
	}
	defer f.Close()
	text, err := io.ReadAll(io.LimitReader(f, maxFile+1))
	if err != nil {
		return Config{}, fmt.Errorf("configuration file: %w", err)
	}
	if len(text) > maxFile {
		return Config{}, fmt.Errorf("configuration file %s: larger than %d bytes", path, maxFile)
	}
	c := Config{Means: "the user's own file", Text: string(text), File: path}
	c.tmpl, err = template.New(path).Funcs(functions).Parse(c.Text)
	if err != nil {
		return Config{}, fmt.Errorf("configuration file: %w", err)
	}
	one, other := &url.URL{Scheme: "http", Host: "127.0.0.1:1"}, &url.URL{Scheme: "http", Host: "127.0.0.1:2"}
	trial := values(one.Host, one, proxies.Reverse, "/dir")
	trial.Here = "/here"
	// A port that the text does not say is one that may be another.
	moved, led := trial, values(one.Host, other, proxies.Reverse, "/dir")
	moved.Listen, moved.ListenPort = other.Host, other.Port()
	led.Here = trial.Here
	led.adapted("127.0.0.1:2")
	_, elsewhere := p.driver.(placed)
	said, err := c.render(trial)
	switch {
	case err != nil:
		return Config{}, fmt.Errorf("configuration file: %w", err)
	case c.says(moved) == said && !elsewhere:
		return Config{}, fmt.Errorf("configuration file %s: %w", path, errNoListen)
	case c.says(led) == said:
		return Config{}, fmt.Errorf("configuration file %s: %w", path, errNoOrigin)
	}
	return c, nil
}

// says is the text with v filled in, or nothing if that fails.
func (c Config) says(v Values) string {
	text, _ := c.render(v)
	return text
}

var (
	errNoListen = errors.New("it does not say {{.Listen}} where the proxy is to listen")
	errNoOrigin = errors.New("it does not say {{.Origin}} or {{.OriginURL}} where the origin is")
)

// render fills the template.
func (c Config) render(v Values) (string, error) {
	if c.File != "" && v.Here == "" {
		abs, err := filepath.Abs(c.File)
		if err != nil {
			return "", fmt.Errorf("fill in %s: %w", c.File, err)
		}
		v.Here = filepath.Dir(abs)
	}
	var b strings.Builder
	if err := c.tmpl.Execute(&b, v); err != nil {
		return "", err
	}
	return b.String(), nil
}

// hash identifies the configuration in results: that of the template, so that
// ports and directories do not change it.
func (c Config) hash() string {
	sum := sha256.Sum256([]byte(c.Text))
	return "sha256:" + hex.EncodeToString(sum[:])
}

// confPath is where the filled-in configuration of an instance lies.
func confPath(dir string) string { return filepath.Join(dir, "proxy.conf") }

// write lays text down for the program to read.
func write(path, text string) error {
	if err := os.WriteFile(path, []byte(text), 0o600); err != nil {
		return fmt.Errorf("write configuration: %w", err)
	}
	return nil
}
