package reference

import (
	"strings"
	"testing"
)

func TestResume(t *testing.T) {
	for _, tt := range []struct {
		name, query, header string
		published           int
		want                []string // in this order
		wantNot             string
	}{
		{"behind an id", "&after=e7k2-3", "", 4, []string{`"last":"e7k2-3"`, `"id":"e7k2-4"`}, `"id":"e7k2-3"`},
		{"from before the first", "&after=e7k2-0", "", 2, []string{`"id":"e7k2-1"`, `"id":"e7k2-2"`}, "gap"},
		{"at the newest", "&after=e7k2-2", "", 2, []string{`"last":"e7k2-2"`}, "sent_us"},
		{"out of the window", "&after=e7k2-1", "", 6, []string{`"last":"e7k2-1"`, `{"control":"gap","missed":1,"next":"e7k2-3"}`, `"id":"e7k2-3"`, `"id":"e7k2-6"`}, "e7k2-2"},
		{"unknown epoch", "&after=gone-7", "", 2, []string{`"epoch":"e7k2","last":"gone-7"`, `{"control":"gap","missed":null,"next":"e7k2-1"}`, `"id":"e7k2-1"`}, ""},
		{"unknown epoch, nothing there", "&after=gone-7", "", 0, []string{`{"control":"gap","missed":null,"next":"e7k2-1"}`}, "sent_us"},
		{"an id never given", "&after=e7k2-99", "", 2, []string{`"missed":null,"next":"e7k2-1"`, `"id":"e7k2-1"`}, ""},
		{"Last-Event-ID", "", "e7k2-1", 2, []string{`"id":"e7k2-2"`}, `"id":"e7k2-1"`},
		{"Last-Event-ID wins", "&after=e7k2-0", "e7k2-1", 2, []string{`"id":"e7k2-2"`}, `"id":"e7k2-1"`},
		{"malformed Last-Event-ID", "&after=e7k2-0", "nonsense", 2, []string{"400 Bad Request", "Last-Event-ID"}, "sent_us"},
		{"malformed after", "&after=e7k2-01", "", 2, []string{"400 Bad Request", "after"}, "sent_us"},
	} {
		for _, tech := range []string{"eventsource", "xhr-streaming", "long-poll"} {
			t.Run(tt.name+"/"+tech, func(t *testing.T) {
				inBubble(t, Config{Window: 4}, func(t *testing.T, b *bench) {
					b.flood("c", tt.published)
					request := "GET /t/" + tech + "?channel=c" + tt.query + " HTTP/1.1\r\nHost: o\r\n"
					if tt.header != "" {
						request += "Last-Event-ID: " + tt.header + "\r\n"
					}
					c := b.open(request + "\r\n")
					got := c.wire()
					if tt.wantNot != "" && strings.Contains(strings.ReplaceAll(got, "id: ", ""), tt.wantNot) {
						t.Errorf("has %s:\n%s", tt.wantNot, got)
					}
					rest := got
					for _, want := range tt.want {
						if tech == "long-poll" && strings.Contains(want, `"last"`) {
							continue // a poll has no hello
						}
						_, after, found := strings.Cut(rest, want)
						if !found {
							t.Fatalf("has no %s in its place:\n%s", want, got)
						}
						rest = after
					}
				})
			})
		}
	}
}

// TestResumeWithoutLoss cuts a stream again and again and resumes behind the
// last id that came.
func TestResumeWithoutLoss(t *testing.T) {
	inBubble(t, Config{}, func(t *testing.T, b *bench) {
		last, seen := "e7k2-0", 0
		for round := range 20 {
			b.flood("c", 3)
			c := b.get("/t/fetch-streaming?channel=c&after=" + last)
			b.flood("c", round%4)
			for _, line := range strings.Split(c.body(), "\n") {
				if _, rest, ok := strings.Cut(line, `"id":"`); ok {
					last, _, _ = strings.Cut(rest, `"`)
					if seen++; last != formatID("e7k2", uint64(seen)) {
						t.Fatalf("message %d has id %s", seen, last)
					}
				}
			}
			c.leave()
		}
		if want := 20*3 + 5*(0+1+2+3); seen != want {
			t.Errorf("%d messages, want %d", seen, want)
		}
	})
}
