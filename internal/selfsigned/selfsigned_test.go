package selfsigned_test

import (
	"crypto/tls"
	"crypto/x509"
	"io"
	"net"
	"testing"

	"github.com/cometbench/cometbench/internal/selfsigned"
)

func TestPairIsTrusted(t *testing.T) {
	pair, err := selfsigned.New("proxy.test", "127.0.0.2")
	if err != nil {
		t.Fatal(err)
	}
	roots := x509.NewCertPool()
	if !roots.AppendCertsFromPEM(pair.RootsPEM) {
		t.Fatal("no authority in the PEM")
	}
	for _, name := range []string{"localhost", "127.0.0.1", "127.0.0.2", "proxy.test"} {
		a, b := net.Pipe()
		server := tls.Server(a, &tls.Config{Certificates: []tls.Certificate{pair.Certificate}})
		go func() { _, _ = io.Copy(io.Discard, server) }()
		if err := tls.Client(b, &tls.Config{RootCAs: roots, ServerName: name}).Handshake(); err != nil {
			t.Errorf("%s: %v", name, err)
		}
		b.Close()
	}
}
