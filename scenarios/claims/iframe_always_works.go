package claims

import (
	"context"
	"fmt"
	"strings"
)

// IframeAlwaysWorks asks whether there is a program that a forever iframe does
// not get through.
func IframeAlwaysWorks() Claim {
	const iframe = "forever-iframe"
	return Claim{
		Name: "iframe-always-works", Sentence: "A forever iframe always works",
		Source:     handedDown,
		Measured:   "the iframe's stream through each program that is installed, read by the Go client: first message, a message each 270 ms, a burst; limits of silence and of life are not waited for",
		Techniques: []string{iframe},
		Test: func(ctx context.Context, l *Lab) (Answer, error) {
			s, err := l.programs(ctx)
			if err != nil {
				return Answer{}, err
			}
			if a, none := s.noPrograms(); none {
				return a, nil
			}
			t, on := s.of(iframe, false), s.of(iframe, true)
			a := Answer{Answer: holds(len(t.fails)+len(on.fails) == 0), Rows: append(s.rows(iframe), "asked: "+s.versions()), Values: s.count(nil, iframe)}
			a.Got = fmt.Sprintf("it works through %d of %d programs as they are stock, and through %d of %d as their documentation advises for streams", len(t.works), t.asked(), len(on.works), on.asked())
			if len(t.fails) > 0 {
				a.Got += "; stock it fails through " + strings.Join(t.fails, ", ")
			}
			return a, nil
		},
	}
}
