package app_test

import (
	"bufio"
	"crypto/tls"
	"crypto/x509"
	"encoding/pem"
	"io"
	"net"
	"net/http"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/cometbench/cometbench/internal/selfsigned"
	"github.com/cometbench/cometbench/scenarios/app"
)

// pemFile writes PEM blocks and returns the file's name.
func pemFile(t *testing.T, dir, name string, content []byte) {
	t.Helper()
	if err := os.WriteFile(filepath.Join(dir, name), content, 0o600); err != nil {
		t.Fatal(err)
	}
}

// TestGatewayToTLS: the application's certificate is checked against the file
// ca, ours is shown, and where either is missing the reason is told.
func TestGatewayToTLS(t *testing.T) {
	server, err := selfsigned.New("app.example")
	if err != nil {
		t.Fatal(err)
	}
	own, err := selfsigned.New()
	if err != nil {
		t.Fatal(err)
	}
	shown := make(chan *x509.Certificate, 1)
	ln, err := tls.Listen("tcp", "127.0.0.1:0", &tls.Config{Certificates: []tls.Certificate{server.Certificate}, ClientAuth: tls.RequireAnyClientCert, NextProtos: []string{"h2", "http/1.1"}})
	if err != nil {
		t.Fatal(err)
	}
	done := make(chan struct{})
	t.Cleanup(func() { ln.Close(); <-done })
	go func() {
		defer close(done)
		for {
			c, err := ln.Accept()
			if err != nil {
				return
			}
			_ = c.SetDeadline(time.Now().Add(patience))
			if _, err := http.ReadRequest(bufio.NewReader(c)); err == nil {
				shown <- c.(*tls.Conn).ConnectionState().PeerCertificates[0]
				_, _ = io.WriteString(c, "HTTP/1.1 204 No Content\r\n\r\n")
			}
			c.Close()
		}
	}()
	dir := t.TempDir()
	pemFile(t, dir, "ca.pem", server.RootsPEM)
	pemFile(t, dir, "cert.pem", pem.EncodeToMemory(&pem.Block{Type: "CERTIFICATE", Bytes: own.Certificate.Certificate[0]}))
	key, err := x509.MarshalPKCS8PrivateKey(own.Certificate.PrivateKey)
	if err != nil {
		t.Fatal(err)
	}
	pemFile(t, dir, "key.pem", pem.EncodeToMemory(&pem.Block{Type: "PRIVATE KEY", Bytes: key}))
	at := "url: https://" + ln.Addr().String() + "/x\n"
	const ca, identity = "ca: ca.pem\n", "client_certificate: {cert: cert.pem, key: key.pem}\n"
	for text, fails := range map[string]string{
		at + ca + identity: "",
		strings.Replace(at, "127.0.0.1", "localhost", 1) + ca + identity: "",
		at + identity: "name the file of its authority under ca:",
		at + ca:       "give one under client_certificate:",
	} {
		file := filepath.Join(dir, "app.yaml")
		pemFile(t, dir, "app.yaml", []byte(text))
		spec, err := app.Load(file)
		if err != nil {
			t.Fatal(err)
		}
		g := gateway(t, spec, 0)
		c := dial(t, g)
		_, _ = io.WriteString(c, "GET / HTTP/1.1\r\nHost: x\r\n\r\n")
		resp, err := http.ReadResponse(bufio.NewReader(c), nil)
		g.Close()
		if fails != "" {
			if err == nil || g.Err() == nil || !strings.Contains(g.Err().Error(), fails) {
				t.Errorf("%q: answer %v, %v", text, resp, g.Err())
			}
			continue
		}
		if err != nil || g.Err() != nil {
			t.Errorf("%q: %v, %v", text, err, g.Err())
			continue
		}
		if certificate := <-shown; !certificate.Equal(mustLeaf(t, own.Certificate)) {
			t.Errorf("%q: another certificate was shown", text)
		}
	}
}

func mustLeaf(t *testing.T, c tls.Certificate) *x509.Certificate {
	t.Helper()
	leaf, err := x509.ParseCertificate(c.Certificate[0])
	if err != nil {
		t.Fatal(err)
	}
	return leaf
}

// TestGatewayWaitsForTLS: an application that never finishes its handshake
// holds nobody up beyond the release.
func TestGatewayWaitsForTLS(t *testing.T) {
	begun := make(chan struct{})
	url := rawApp(t, func(_ net.Conn, in *bufio.Reader) {
		_, _ = in.ReadByte()
		close(begun)
		_, _ = io.Copy(io.Discard, in)
	})
	g := gateway(t, &app.Spec{URL: strings.Replace(url, "http", "https", 1)}, 0)
	c := dial(t, g)
	_, _ = io.WriteString(c, "GET / HTTP/1.1\r\nHost: x\r\n\r\n")
	<-begun
	if got := recorded(t, g); got != "" || g.Err() != nil {
		t.Errorf("%q, %v", got, g.Err())
	}
}
