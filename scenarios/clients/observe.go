package clients

import (
	"crypto/sha256"
	"crypto/tls"
	"crypto/x509"
	"encoding/hex"
	"errors"
	"fmt"
	"maps"
	"net/http"
	"slices"
	"strings"
	"time"

	"github.com/cometbench/cometbench/scenarios/measure"
)

// report emits e with the connection it belongs to.
func (x *exchange) report(e measure.Event) {
	e.Conn = int(x.conn.Load())
	x.events.emit(e)
}

// fail reports an error.
func (x *exchange) fail(note string) {
	x.report(measure.Event{Kind: measure.Failed, Note: note})
}

// failed is the outcome of an exchange that did not go as it should.
func (x *exchange) failed(after string) outcome { return outcome{failed: true, after: after} }

// head reports a response head.
func (x *exchange) head(resp *http.Response, note string) {
	version := fmt.Sprintf("%d.%d", resp.ProtoMajor, resp.ProtoMinor)
	if resp.ProtoMajor >= 2 {
		version = fmt.Sprint(resp.ProtoMajor)
	}
	x.report(measure.Event{
		Kind:        measure.Headers,
		Status:      resp.StatusCode,
		HTTP:        version,
		ContentType: resp.Header.Get("Content-Type"),
		Encoding:    resp.Header.Get("Content-Encoding"),
		Fields:      strings.Join(slices.Sorted(maps.Keys(resp.Header)), ","),
		Cert:        shownIn(resp.TLS),
		Note:        note,
		Closes:      closes(resp),
	})
}

// shownIn is the sum of the certificate that the far end of a connection
// showed, "" without TLS.
func shownIn(state *tls.ConnectionState) string {
	if state == nil {
		return ""
	}
	return sumOf(state.PeerCertificates)
}

// refusedCert is the sum of the certificate that was not trusted, "" for
// errors about something else.
func refusedCert(err error) string {
	var refused *tls.CertificateVerificationError
	if !errors.As(err, &refused) {
		return ""
	}
	return sumOf(refused.UnverifiedCertificates)
}

func sumOf(chain []*x509.Certificate) string {
	if len(chain) == 0 {
		return ""
	}
	sum := sha256.Sum256(chain[0].Raw)
	return hex.EncodeToString(sum[:])
}

// item turns what a decoder found into an event and keeps the position.
func (x *exchange) item(it Item) {
	x.items++
	if it.Moves {
		x.position, x.moved = it.Position, true
	}
	switch it.Kind {
	case "":
		if it.Opens {
			x.opens()
		}
		if it.HasRetry {
			x.retry = milliseconds(it.RetryMS)
		}
		return
	case measure.Received:
		x.gapLast = false
	case measure.Gap:
		x.gapLast = true
	case measure.End:
		if x.sockjs != nil {
			x.sockjs.over = true
		}
		x.announceEnd(it)
		return // reported when the exchange is over
	}
	e := measure.Event{Kind: it.Kind, ID: it.ID, T: x.stamp, Bytes: it.Bytes, Note: it.Note}
	if it.Kind == measure.Received {
		e.Sum = it.Sum()
	}
	if x.Stream != nil {
		e.Seq, e.SentUS = it.Seq, it.SentUS
	}
	x.report(e)
}

// announceEnd notes an end notice, and lets the exchange end within endGrace.
func (x *exchange) announceEnd(it Item) {
	if x.ended != nil {
		return
	}
	x.ended = &it
	x.grace = time.AfterFunc(endGrace, x.cancel)
}

func (x *exchange) stopGrace() {
	if x.grace != nil {
		x.grace.Stop()
	}
}

// milliseconds is a duration of at most a day.
func milliseconds(ms int64) *time.Duration {
	d := time.Duration(min(ms, maxRetryMS)) * time.Millisecond
	return &d
}
