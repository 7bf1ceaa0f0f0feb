package visits

import (
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net/http"
	"slices"
	"strings"
	"time"
	"unicode/utf8"

	"github.com/cometbench/cometbench/scenarios/measure"
)

// Bounds of what a page may say at once.
const (
	longestWords = 128 << 10 // bytes
	longestNote  = 160
	longestName  = 64
)

// beginning is the first word of a page: what its browser lacks, and how far
// its clock and its server are away.
type beginning struct {
	HTTP   string            `json:"http"`   // by which the page came, as "1.1"; "" is unknown and taken for 1.1
	TLS    bool              `json:"tls"`    // as the browser sees it
	Lanes  int               `json:"lanes"`  // exchanges at once that the browser has connections for
	Cannot map[string]string `json:"cannot"` // techniques without the means for them, and what is missing
	// OffsetUS is to be added to the page's clock to get the server's; it is
	// right to within BoundUS. TripUS is the usual time of a small request.
	OffsetUS int64 `json:"offset_us"`
	BoundUS  int64 `json:"bound_us"`
	TripUS   int64 `json:"trip_us"`
}

// century in microseconds: a clock that is further off is no clock, and sums of
// such numbers do not overflow. That of a phone without a battery starts in 1970.
const century = int64(100 * 365 * 24 * time.Hour / time.Microsecond)

// mostLanes leaves two of the six connections that browsers have for a host to
// the page's own words.
const mostLanes = 4

// bound cuts what came from outside to size.
func (b *beginning) bound() {
	if !slices.Contains([]string{"1.0", "1.1", "2", "3"}, b.HTTP) {
		b.HTTP = "1.1"
	}
	b.Lanes = min(max(b.Lanes, 1), mostLanes)
	const minute = int64(time.Minute / time.Microsecond)
	b.OffsetUS = min(max(b.OffsetUS, -century), century)
	b.BoundUS, b.TripUS = min(max(b.BoundUS, 0), minute), min(max(b.TripUS, 0), minute)
	cannot := map[string]string{}
	for _, t := range techniques() {
		if why := plain(b.Cannot[t.Name], longestNote); why != "" {
			cannot[t.Name] = why
		}
	}
	b.Cannot = cannot
}

// report is what a page says from then on.
type report struct {
	Seq    int     `json:"seq"`  // counts up from 1; the same once more is a repetition
	Have   int     `json:"have"` // cells that the page has been told of
	Events []sight `json:"events"`
	Done   []int   `json:"done"` // orders that the page has done with
}

// sight is one event as the page saw it, on its own clock.
type sight struct {
	Order       int             `json:"order"`
	Kind        string          `json:"kind"`
	ID          string          `json:"id"`
	T           int64           `json:"t_us"`
	Bytes       int             `json:"bytes"`
	Note        string          `json:"note"`
	Status      int             `json:"status"`
	ContentType string          `json:"content_type"`
	EndKind     measure.EndKind `json:"end_kind"`
}

// check refuses what no page of ours says.
func (r report) check() error {
	for _, s := range r.Events {
		switch measure.EventKind(s.Kind) {
		case measure.Headers, measure.Prelude, measure.Received, measure.Heartbeat, measure.Gap, measure.End, measure.Failed, measure.Reconnect, measure.Write:
		default:
			return fmt.Errorf("an event of kind %.40q", s.Kind)
		}
		switch s.EndKind {
		case "", measure.EndClean, measure.EndFIN, measure.EndRST, measure.EndStatus, measure.EndSilence:
		default:
			return fmt.Errorf("an end of kind %.40q", s.EndKind)
		}
	}
	return nil
}

// event bounds what a page says of one event.
func (s sight) event() measure.Event {
	return measure.Event{
		Kind: measure.EventKind(s.Kind), ID: plain(s.ID, longestName), T: min(max(s.T, -century), 10*century), Bytes: min(max(s.Bytes, 0), 1<<30),
		Note: plain(s.Note, longestNote), Status: min(max(s.Status, 0), 999), ContentType: plain(s.ContentType, longestName), EndKind: s.EndKind,
	}
}

// plain is text of at most so many bytes without control characters.
func plain(s string, most int) string {
	s = strings.Map(func(r rune) rune {
		if r < ' ' || r == 0x7f || r == utf8.RuneError {
			return -1
		}
		return r
	}, strings.ToValidUTF8(s, ""))
	for len(s) > most {
		_, size := utf8.DecodeLastRuneInString(s)
		s = s[:len(s)-size]
	}
	return s
}

var errWords = errors.New("not what the page of this server says")

// words reads the JSON that a page sends: as the body of a POST or, where a
// path lets no POST through, as the parameter q.
func words(w http.ResponseWriter, r *http.Request, into any) error {
	var text io.Reader = http.MaxBytesReader(w, r.Body, longestWords)
	if r.Method == http.MethodGet {
		text = strings.NewReader(r.URL.Query().Get("q"))
	}
	b, err := io.ReadAll(text)
	if err != nil {
		return fmt.Errorf("%w: %w", errWords, err)
	}
	if err := json.Unmarshal(b, into); err != nil {
		return fmt.Errorf("%w: %w", errWords, err)
	}
	return nil
}
