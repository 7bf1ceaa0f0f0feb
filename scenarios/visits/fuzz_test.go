package visits

import (
	"encoding/json"
	"net/http/httptest"
	"strings"
	"testing"

	"github.com/cometbench/cometbench/scenarios/measure"
)

// What anybody says is an error or within bounds.
func FuzzReport(f *testing.F) {
	for _, s := range []string{
		`{"seq":1,"have":0,"events":[{"order":1,"kind":"message","id":"e-1","t_us":1,"bytes":2}],"done":[1]}`,
		`{"seq":-1,"events":[{"order":1,"kind":"end","end_kind":"clean","note":"\u0000\ud800"}]}`, `[]`, `{"events":null}`,
	} {
		f.Add(s)
	}
	f.Fuzz(func(t *testing.T, text string) {
		var r report
		if words(httptest.NewRecorder(), httptest.NewRequest("POST", "/", strings.NewReader(text)), &r) != nil || r.check() != nil {
			return
		}
		p := newPage("visitor:x", beginning{}, Config{HTTP3: true})
		p.give(work{}, func(e measure.Event) {
			if !e.Kind.Known() || len(e.ID) > longestName || len(e.Note) > longestNote || len(e.ContentType) > longestName || e.Bytes < 0 {
				t.Errorf("%+v", e)
			}
			if _, err := json.Marshal(e); err != nil {
				t.Error(err)
			}
		})
		p.hear(r.Seq, r.Events, r.Done)
		p.works()
	})
}

func FuzzBeginning(f *testing.F) {
	f.Add(`{"http":"2","tls":true,"lanes":3,"cannot":{"websocket":"none"},"offset_us":-4,"bound_us":1,"trip_us":2}`)
	f.Add(`{"lanes":-9223372036854775808,"cannot":{"\u202e":"x"}}`)
	f.Fuzz(func(t *testing.T, text string) {
		var b beginning
		if words(httptest.NewRecorder(), httptest.NewRequest("POST", "/", strings.NewReader(text)), &b) != nil {
			return
		}
		b.bound()
		if b.Lanes < 1 || b.Lanes > mostLanes || b.TripUS < 0 || b.BoundUS < 0 || len(b.Cannot) > len(techniques()) {
			t.Errorf("%+v", b)
		}
	})
}
