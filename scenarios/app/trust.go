package app

import (
	"crypto/tls"
	"crypto/x509"
	"errors"
	"fmt"
	"os"
)

// TLS is how the application's certificate is checked, and ours shown to it.
func (s *Spec) TLS() (*tls.Config, error) {
	config := &tls.Config{MinVersion: tls.VersionTLS12}
	if s.CA != "" {
		roots, err := s.Roots()
		if err != nil {
			return nil, fmt.Errorf("ca: %w", err)
		}
		if config.RootCAs, err = x509.SystemCertPool(); err != nil {
			config.RootCAs = x509.NewCertPool()
		}
		config.RootCAs.AppendCertsFromPEM(roots)
	}
	identity, err := s.Identity()
	if err != nil {
		return nil, fmt.Errorf("client_certificate: %w", err)
	}
	if identity != nil {
		config.Certificates = []tls.Certificate{*identity}
	}
	return config, nil
}

// Identity is the client certificate; nil without one.
func (s *Spec) Identity() (*tls.Certificate, error) {
	if s.Certificate == nil {
		return nil, nil
	}
	if s.Certificate.Cert == "" || s.Certificate.Key == "" {
		return nil, errors.New("it needs both cert and key, each the name of a PEM file")
	}
	pair, err := tls.LoadX509KeyPair(s.path(s.Certificate.Cert), s.path(s.Certificate.Key))
	if err != nil {
		return nil, err
	}
	return &pair, nil
}

// Roots are the authorities of the file ca, PEM; nil without one.
func (s *Spec) Roots() ([]byte, error) {
	if s.CA == "" {
		return nil, nil
	}
	pem, err := os.ReadFile(s.path(s.CA))
	if err != nil {
		return nil, err
	}
	if !x509.NewCertPool().AppendCertsFromPEM(pem) {
		return nil, fmt.Errorf("%s holds no certificate", s.CA)
	}
	return pem, nil
}
