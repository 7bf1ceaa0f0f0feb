package claims

import (
	"context"
	"crypto/x509"
	"encoding/pem"
	"errors"
	"fmt"
	"net/url"
	"os"
	"path/filepath"
	"slices"

	"github.com/cometbench/cometbench/internal/selfsigned"
	"github.com/cometbench/cometbench/proxies"
	"github.com/cometbench/cometbench/proxies/real"
)

// haproxyConf is what haproxy's documentation needs for a proxy of HTTP with
// long timeouts; the words that a claim is about are put in.
const haproxyConf = `defaults
	mode    http
	timeout connect 5s
	timeout client  1h
	timeout server  1h
	timeout tunnel  1h

frontend web
	bind {{.Listen}}%s
	default_backend origin

backend origin
	balance roundrobin
	server a {{.Origin}}
%s`

// front is a running haproxy.
type front struct {
	proxies.Instance
	base  *url.URL
	roots []byte // in PEM, with TLS
	dir   string
}

// haproxy starts haproxy in front of origin. alpn makes its front TLS and says
// which versions of HTTP it offers; others are further servers behind it. A
// missing program is an answer.
func haproxy(ctx context.Context, origin *url.URL, alpn string, others ...string) (f *front, missing *Answer, err error) {
	dir, err := os.MkdirTemp("", "cometbench-claim-")
	if err != nil {
		return nil, nil, err
	}
	f = &front{dir: dir}
	defer func() {
		if err != nil || missing != nil {
			err = errors.Join(err, os.RemoveAll(dir))
		}
	}()
	bind, servers := "", ""
	if alpn != "" {
		file, roots, err := pemFile(dir)
		if err != nil {
			return nil, nil, err
		}
		f.roots, bind = roots, fmt.Sprintf(" ssl crt %s alpn %s", file, alpn)
	}
	for i, address := range others {
		servers += fmt.Sprintf("\tserver b%d %s\n", i, address)
	}
	conf := filepath.Join(dir, "haproxy.cfg")
	if err := os.WriteFile(conf, fmt.Appendf(nil, haproxyConf, bind, servers), 0o600); err != nil {
		return nil, nil, err
	}
	p, err := real.Parse(real.Prefix + "haproxy@" + conf)
	if err != nil {
		return nil, nil, err
	}
	if err := p.Available(); err != nil {
		a := untested("%v", err)
		return nil, &a, nil
	}
	if f.Instance, err = p.Start(ctx, proxies.Env{Origin: origin, Mode: proxies.Reverse}); err != nil {
		return nil, nil, err
	}
	base := *f.Route().Base
	if alpn != "" {
		base.Scheme = "https"
	}
	f.base = &base
	return f, nil, nil
}

// Close ends it and removes its configuration.
func (f *front) Close() error { return errors.Join(f.Instance.Close(), os.RemoveAll(f.dir)) }

// pemFile writes a certificate with its key for loopback names, and returns the
// authority behind it.
func pemFile(dir string) (file string, roots []byte, err error) {
	pair, err := selfsigned.New()
	if err != nil {
		return "", nil, err
	}
	key, err := x509.MarshalPKCS8PrivateKey(pair.Certificate.PrivateKey)
	if err != nil {
		return "", nil, err
	}
	var text []byte
	for _, der := range pair.Certificate.Certificate {
		text = slices.Concat(text, pem.EncodeToMemory(&pem.Block{Type: "CERTIFICATE", Bytes: der}))
	}
	text = slices.Concat(text, pem.EncodeToMemory(&pem.Block{Type: "PRIVATE KEY", Bytes: key}))
	file = filepath.Join(dir, "front.pem")
	return file, pair.RootsPEM, os.WriteFile(file, text, 0o600)
}
