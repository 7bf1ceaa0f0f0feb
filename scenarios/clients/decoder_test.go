package clients

import (
	"errors"
	"fmt"
	"strings"
	"testing"
)

// Messages and notices as WIRE.md writes them.
const (
	hello = `{"channel":"c","control":"hello","epoch":"e1","last":"e1-0","at_us":1700000000000000}`
	msg1  = `{"channel":"c","id":"e1-1","sent_us":1700000000000001,"data":{"n":1}}`
	msg2  = `{"channel":"c","id":"e1-2","due_us":5,"sent_us":6,"data":"two"}`
	beat  = `{"control":"heartbeat","at_us":7}`
	gap   = `{"control":"gap","missed":12,"next":"e1-53"}`
	lost  = `{"control":"gap","missed":null,"next":"e2-1"}`
	done  = `{"control":"end","reason":"recycle-bytes","retry_ms":250}`

	msg1Sum = "2bfd14f4" // printf '{"n":1}' | sha256sum

	helloItem = "prelude id=e1-0 ->e1-0 sent=1700000000000000"
	msg1Item  = `message id=e1-1 ->e1-1 sent=1700000000000001 7 bytes {"n":1}`
	msg2Item  = `message id=e1-2 ->e1-2 due=5 sent=6 5 bytes "two"`
	beatItem  = "heartbeat sent=7"
	gapItem   = "gap id=e1-53 missed=12"
	lostItem  = "gap id=e2-1 missed=unknown"
	endItem   = "end reason=recycle-bytes retry=250ms"
)

// show writes an item in one line, without what is zero.
func show(it Item) string {
	var b strings.Builder
	kind := string(it.Kind)
	if kind == "" {
		kind = "-"
	}
	b.WriteString(kind)
	if it.ID != "" {
		fmt.Fprintf(&b, " id=%s", it.ID)
	}
	if it.Moves {
		fmt.Fprintf(&b, " ->%s", it.Position)
	}
	if it.DueUS != 0 {
		fmt.Fprintf(&b, " due=%d", it.DueUS)
	}
	if it.SentUS != 0 {
		fmt.Fprintf(&b, " sent=%d", it.SentUS)
	}
	if it.Reason != "" {
		fmt.Fprintf(&b, " reason=%s", it.Reason)
	}
	if it.HasRetry {
		fmt.Fprintf(&b, " retry=%dms", it.RetryMS)
	}
	if it.Note != "" {
		fmt.Fprintf(&b, " %s", it.Note)
	} else if it.Bytes != 0 {
		fmt.Fprintf(&b, " %d bytes %s", it.Bytes, it.Data)
	}
	return b.String()
}

// decode feeds pieces to a new decoder and ends it, and returns what was shown
// and the first error.
func decode(t testing.TB, technique string, p Params, pieces ...string) ([]string, error) {
	t.Helper()
	dec, err := NewDecoder(technique, p)
	if err != nil {
		t.Fatal(err)
	}
	var got []string
	emit := func(it Item) { got = append(got, show(it)) }
	for _, piece := range pieces {
		b := []byte(piece)
		if err := dec.Feed(b, emit); err != nil {
			return got, err
		}
		for i := range b {
			b[i] = 'X' // a decoder that keeps what it was fed is found out
		}
	}
	return got, dec.End(emit)
}

type decoderCase struct {
	name      string
	technique string // the table's when empty
	params    Params
	wire      string
	want      []string
	err       error // wrapped by the error, if any
	errText   string
}

// runDecoder decodes each case whole, at each split point, and byte by byte.
func runDecoder(t *testing.T, technique string, params Params, cases []decoderCase) {
	for _, c := range cases {
		t.Run(c.name, func(t *testing.T) {
			if c.technique == "" {
				c.technique = technique
			}
			if c.params == (Params{}) {
				c.params = params
			}
			check := func(how string, pieces ...string) {
				t.Helper()
				got, err := decode(t, c.technique, c.params, pieces...)
				if g, w := strings.Join(got, "\n"), strings.Join(c.want, "\n"); g != w {
					t.Fatalf("%s: got\n%s\nwant\n%s", how, g, w)
				}
				switch {
				case c.err == nil && c.errText == "":
					if err != nil {
						t.Fatalf("%s: %v", how, err)
					}
				case err == nil:
					t.Fatalf("%s: no error", how)
				case c.err != nil && !errors.Is(err, c.err):
					t.Fatalf("%s: got error %v, want %v", how, err, c.err)
				case !strings.Contains(err.Error(), c.errText):
					t.Fatalf("%s: got error %q, want %q in it", how, err, c.errText)
				}
			}
			check("whole", c.wire)
			for i := 1; i < len(c.wire); i++ {
				check(fmt.Sprintf("split at %d", i), c.wire[:i], c.wire[i:])
			}
			check("byte by byte", strings.Split(c.wire, "")...)
			check("bytes", bytesOf(c.wire)...)
		})
	}
}

// bytesOf splits s into single bytes (strings.Split goes by characters).
func bytesOf(s string) []string {
	out := make([]string, len(s))
	for i := range len(s) {
		out[i] = s[i : i+1]
	}
	return out
}

// promptly feeds wire byte by byte and returns, for each item, the offset of
// the byte that completed it.
func promptly(t *testing.T, technique string, p Params, wire string) []string {
	t.Helper()
	dec, err := NewDecoder(technique, p)
	if err != nil {
		t.Fatal(err)
	}
	var got []string
	for i := range len(wire) {
		if err := dec.Feed([]byte{wire[i]}, func(it Item) {
			got = append(got, fmt.Sprintf("%s at %d", it.Kind, i+1))
		}); err != nil {
			t.Fatal(err)
		}
	}
	return got
}

func TestNewDecoderRefuses(t *testing.T) {
	for _, c := range []struct {
		technique string
		params    Params
		want      string
	}{
		{"smoke-signals", Params{}, `no decoder for technique "smoke-signals"`},
		{"callback-poll", Params{}, "no callback name"},
		{"htmlfile", Params{}, "no callback name"},
		{"multipart", Params{ContentType: "multipart/mixed"}, "no usable boundary"},
		{"multipart", Params{ContentType: "text/html; boundary=x"}, "no usable boundary"},
		{"multipart", Params{ContentType: ""}, "content type"},
	} {
		_, err := NewDecoder(c.technique, c.params)
		if err == nil || !strings.Contains(err.Error(), c.want) {
			t.Errorf("%s %+v: got %v, want %q in it", c.technique, c.params, err, c.want)
		}
	}
}
