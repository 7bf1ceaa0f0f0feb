package visits

import (
	"crypto/sha256"
	"net/url"
	"strings"
	"time"

	"github.com/cometbench/cometbench/scenarios/measure"
)

// work is what a page is told to do.
type work struct {
	Order     int    `json:"order"`
	Technique string `json:"technique"`
	Path      string `json:"path"` // relative to the page
	Resume    bool   `json:"resume"`
	After     string `json:"after,omitempty"`
	Interval  int64  `json:"interval_ms"`
	Retry     int64  `json:"retry_ms"`
	// Uplink are the texts that a web socket sends once it is open, with a
	// pause between two.
	Uplink      []string `json:"uplink,omitempty"`
	UplinkPause int64    `json:"uplink_pause_ms,omitempty"`
	Pin         []int    `json:"pin,omitempty"` // bytes of the certificate's SHA-256, for WebTransport
}

// pinOf is what a page needs to know of a certificate to accept it.
func pinOf(der []byte) []int {
	if der == nil {
		return nil
	}
	var pin []int
	for _, b := range sha256.Sum256(der) {
		pin = append(pin, int(b))
	}
	return pin
}

// workOf turns a subscription into an order. The address loses scheme and
// host: only the page knows by which it came.
func workOf(s measure.Subscription, u *url.URL, pin []int) work {
	q := u.Query()
	switch s.Technique {
	case "forever-iframe", "forever-iframe-text":
		// Without it some engines show nothing of a document's beginning, and
		// any application would send it.
		q.Set("prelude", "1024")
	}
	retry := s.Retry
	if retry <= 0 {
		retry = time.Second
	}
	if s.Technique != "webtransport" {
		pin = nil
	}
	return work{
		Pin:       pin,
		Technique: s.Technique, Path: strings.TrimPrefix(u.EscapedPath(), "/") + "?" + q.Encode(), Resume: s.Resume, After: s.After,
		Interval: s.PollInterval.Milliseconds(), Retry: retry.Milliseconds(),
		Uplink: s.Uplink, UplinkPause: s.UplinkPause.Milliseconds(),
	}
}

// reply is what a page is answered.
type reply struct {
	Now    int64      `json:"now_us"`
	Key    string     `json:"key,omitempty"`  // to the first word
	Name   string     `json:"name,omitempty"` // the same
	Seq    int        `json:"seq"`            // taken note of
	Orders []work     `json:"orders"`         // all there is to do now
	Cells  []cellNews `json:"cells"`          // verdicts behind those that the page has
	Advice *advice    `json:"advice"`         // set when it is over
}

// cellNews is a verdict as the page shows it.
type cellNews struct {
	Technique string          `json:"technique"`
	Verdict   measure.Verdict `json:"verdict"`
	Cause     string          `json:"cause,omitempty"`
	Got       string          `json:"got"`
}

func newsOf(e ended) cellNews { return cellNews{e.Technique, e.Verdict, e.Cause, e.got} }
