package scenarios

import (
	"testing"

	"github.com/cometbench/cometbench/scenarios/measure"
)

// TestChangedType: a browser takes some answers under their own type only.
func TestChangedType(t *testing.T) {
	answer := func(contentType string) *Evidence {
		e := newScript("").origin(0, accepted1).client(1, measure.Event{Kind: measure.Headers, Status: 200, ContentType: contentType}).
			client(2, measure.Event{Kind: measure.Prelude}).Evidence
		e.Trial = steadyName
		return e
	}
	for _, tt := range []struct{ sent, came, cause string }{
		{"text/event-stream", "text/event-stream; charset=utf-8", ""},
		{"text/event-stream", "text/plain", "header-dropped"},
		{"text/html;charset=UTF-8", "text/plain", "header-dropped"},
		{"multipart/x-mixed-replace;boundary=a", "multipart/x-mixed-replace", "header-dropped"},
		{"multipart/x-mixed-replace;boundary=a", `multipart/x-mixed-replace; boundary="a"`, ""},
		{"text/plain", "application/octet-stream", ""},
		{"text/html", "", "header-dropped"},
	} {
		c := Case{Technique: measure.Technique{Class: measure.ClassStream}, Control: map[string]*Evidence{steadyName: answer(tt.sent)}}
		got, failed := openingFailure(c, answer(tt.came))
		if got.cause != tt.cause || failed != (tt.cause != "") {
			t.Errorf("%q for %q: %q (%s), want %q", tt.came, tt.sent, got.cause, got.got, tt.cause)
		}
	}
}
