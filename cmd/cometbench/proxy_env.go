package main

import (
	"context"
	"crypto/tls"
	"crypto/x509"
	"errors"
	"io"
	"net"
	"net/url"
	"os"
	"strconv"
	"time"

	"github.com/cometbench/cometbench/internal/selfsigned"
	"github.com/cometbench/cometbench/proxies"
)

// env checks the flags that say where the proxy stands. The mode is set, and
// there is an origin.
func (o proxyOptions) env(ctx context.Context) (proxies.Env, error) {
	env := proxies.Env{Mode: proxies.Mode(o.mode), Listen: o.listen, Seed: o.seed, Allow: o.allow}
	for _, text := range o.origins {
		origin, err := url.Parse(text)
		if err != nil || origin.Scheme != "http" && origin.Scheme != "https" || origin.Hostname() == "" {
			return env, usage("--origin %q: want http://host:port or https://host:port", text)
		}
		if origin.Path != "" && origin.Path != "/" || origin.RawQuery != "" || origin.User != nil {
			return env, usage("--origin %q: a proxy leads to a whole host; want no more than %s://%s", text, origin.Scheme, origin.Host)
		}
		env.Others = append(env.Others, origin)
	}
	env.Origin, env.Others = env.Others[0], env.Others[1:]
	if err := o.checkListen(); err != nil {
		return env, err
	}
	if len(o.allow) > 0 && env.Mode != proxies.Forward {
		return env, usage("--allow is for a forward proxy; a %s one leads to its origin alone", env.Mode)
	}
	for _, address := range o.allow {
		host, port, err := net.SplitHostPort(address)
		n, convErr := strconv.ParseUint(port, 10, 16)
		if err != nil || convErr != nil || n == 0 || host == "" || host == "*" {
			return env, usage("--allow %q: want HOST:PORT", address)
		}
	}
	if o.originCA != "" {
		if env.Origin.Scheme != "https" {
			return env, usage("--origin-ca %s: %s is asked without TLS", o.originCA, env.Origin)
		}
		roots, err := readCA(o.originCA)
		if err != nil {
			return env, err
		}
		env.RootsPEM = roots
	}
	return env, o.checkTrust(ctx, env)
}

// checkListen keeps a forward proxy from being open to a network by accident.
func (o proxyOptions) checkListen() error {
	host, _, err := net.SplitHostPort(o.listen)
	if err != nil {
		return usage("--listen %q: want host:port", o.listen)
	}
	ip := net.ParseIP(host)
	loopback := host == "localhost" || ip != nil && ip.IsLoopback()
	if proxies.Mode(o.mode) == proxies.Forward && !loopback && !o.fromOtherMachines {
		return usage("--listen %s: other machines could use this forward proxy; add --from-other-machines if they shall", o.listen)
	}
	return nil
}

// maxCA bounds a file of authorities, in bytes: the system's own have less.
const maxCA = 4 << 20

func readCA(name string) ([]byte, error) {
	f, err := os.Open(name)
	if err != nil {
		return nil, usage("--origin-ca: %w", err)
	}
	defer f.Close()
	pem, err := io.ReadAll(io.LimitReader(f, maxCA+1))
	if err != nil {
		return nil, usage("--origin-ca: %w", err)
	}
	if len(pem) > maxCA || !x509.NewCertPool().AppendCertsFromPEM(pem) {
		return nil, usage("--origin-ca %s: no certificate in PEM form", name)
	}
	return pem, nil
}

// trustWait is how long an origin may take to show its certificate.
const trustWait = 3 * time.Second

// checkTrust says at once what would make every request fail: a certificate of
// an origin that a reverse proxy does not trust. An origin that does not answer
// may come later.
func (o proxyOptions) checkTrust(ctx context.Context, env proxies.Env) error {
	if env.Mode != proxies.Reverse || env.Origin.Scheme != "https" {
		return nil
	}
	roots, err := x509.SystemCertPool()
	if err != nil {
		roots = x509.NewCertPool()
	}
	roots.AppendCertsFromPEM(env.RootsPEM)
	ctx, cancel := context.WithTimeout(ctx, trustWait)
	defer cancel()
	for _, origin := range append([]*url.URL{env.Origin}, env.Others...) {
		address := origin.Host
		if origin.Port() == "" {
			address = net.JoinHostPort(origin.Hostname(), "443")
		}
		dialer := tls.Dialer{Config: &tls.Config{RootCAs: roots, ServerName: origin.Hostname()}}
		c, err := dialer.DialContext(ctx, "tcp", address)
		var untrusted *tls.CertificateVerificationError
		switch {
		case errors.As(err, &untrusted):
			return usage("--origin %s: %w; --origin-ca FILE names an authority to trust", origin, untrusted)
		case err == nil:
			_ = c.Close() // only the handshake was wanted
		}
	}
	return nil
}

// front makes the certificate of --tls, nil without it.
func (o proxyOptions) front() (*selfsigned.Pair, error) {
	if !o.tls {
		return nil, nil
	}
	if proxies.Mode(o.mode) != proxies.Reverse {
		return nil, usage("--tls is for a reverse proxy; a %s one passes the client's TLS on", o.mode)
	}
	host, _, err := net.SplitHostPort(o.listen)
	if err != nil {
		return nil, usage("--listen %q: want host:port", o.listen)
	}
	pair, err := selfsigned.New(host)
	if err != nil {
		return nil, err
	}
	return &pair, nil
}
