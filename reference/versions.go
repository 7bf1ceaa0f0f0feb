package reference

import (
	"crypto/tls"
	"fmt"
	"net/http"
	"slices"
	"strings"
)

// HTTPVersions are the versions the server speaks, named as in the record: 1.0
// and 1.1 on any listener, 2 by ALPN over TLS and by prior knowledge without, 3
// over QUIC. Each carries any ordinary answer.
func HTTPVersions() []string { return []string{"1.0", "1.1", "2", "3"} }

// protocols are those that net/http negotiates. HTTP/1 is always among them,
// because a version that is not answered gets a reason and not a cut.
func (c *Config) protocols() *http.Protocols {
	p := new(http.Protocols)
	p.SetHTTP1(true)
	p.SetHTTP2(slices.Contains(c.HTTP, "2"))
	p.SetUnencryptedHTTP2(slices.Contains(c.HTTP, "2"))
	return p
}

// tls is the configuration of a TLS listener; ALPN offers the versions
// answered. A client without ALPN speaks HTTP/1.
func (c *Config) tls(cert tls.Certificate) *tls.Config {
	conf := &tls.Config{Certificates: []tls.Certificate{cert}, MinVersion: tls.VersionTLS12}
	for _, v := range []struct{ version, name string }{{"2", "h2"}, {"1.1", "http/1.1"}, {"1.0", "http/1.0"}} { // what the server prefers comes first
		if slices.Contains(c.HTTP, v.version) {
			conf.NextProtos = append(conf.NextProtos, v.name)
		}
	}
	return conf
}

// answersVersion answers 505 and returns false when the request's version is
// not one to answer.
func (s *Server) answersVersion(w http.ResponseWriter, r *http.Request) bool {
	v := httpVersion(r)
	if slices.Contains(s.cfg.HTTP, v) {
		return true
	}
	fail(w, http.StatusHTTPVersionNotSupported, fmt.Sprintf("HTTP/%s is not answered here, only %s", v, strings.Join(s.cfg.HTTP, ", ")))
	return false
}
