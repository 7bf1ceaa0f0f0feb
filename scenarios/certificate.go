package scenarios

import "github.com/cometbench/cometbench/scenarios/measure"

// untrusted explains an exchange that ended at a certificate. Behind a forward
// proxy TLS is the origin's own, so that who shows another one inspects it.
func untrusted(e *Evidence) (diagnosis, bool) {
	for _, ev := range e.Client {
		if ev.Kind != measure.Failed || ev.Cert == "" {
			continue
		}
		if e.Forward {
			return diagnosis{cause: "tls-intercepted", got: "inside the tunnel the path shows a certificate that is not the origin's and that the client does not trust" + excerpt(e)}, true
		}
		return diagnosis{cause: "unknown", got: "the path's certificate is not trusted" + excerpt(e)}, true
	}
	return diagnosis{}, false
}

// intercepted compares the certificate that was shown inside a tunnel with the
// one over the direct path. It returns both when they differ, "" otherwise.
func intercepted(c Case, e *Evidence) (shown, direct string) {
	ctl := c.Control[steadyName]
	if ctl == nil || !e.Forward {
		return "", ""
	}
	shown, direct = certOf(e), certOf(ctl)
	if shown == direct || shown == "" || direct == "" {
		return "", ""
	}
	return shown, direct
}

// certOf is the certificate behind the last head that the client saw.
func certOf(e *Evidence) string {
	cert := ""
	for _, h := range e.Headers() {
		if h.Cert != "" {
			cert = h.Cert
		}
	}
	return cert
}
