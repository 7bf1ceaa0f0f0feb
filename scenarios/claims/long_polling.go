package claims

import (
	"context"
	"fmt"
)

// LongPollBuffered asks whether an answer that ends is held back as well.
func LongPollBuffered() Claim {
	const poll = "long-poll"
	return Claim{
		Name: "long-poll-buffered", Sentence: "Long polling is held back by proxies that buffer, too",
		Source:     handedDown + ", against every technique of HTTP",
		Measured:   "long polls of the Go client through each program that is installed: first message, a message each 270 ms, a burst; limits of silence are not waited for",
		Techniques: []string{poll},
		Test: func(ctx context.Context, l *Lab) (Answer, error) {
			s, err := l.programs(ctx)
			if err != nil {
				return Answer{}, err
			}
			if a, none := s.noPrograms(); none {
				return a, nil
			}
			t := s.of(poll, false)
			return Answer{
				Answer: holds(len(t.fails) > 0), Rows: s.rows(poll), Values: s.count(nil, poll),
				Got: fmt.Sprintf("%d of %d programs as they are stock pass every answer on at once%s", len(t.works), t.asked(), notThrough(t)),
			}, nil
		},
	}
}

func notThrough(t tally) string {
	if len(t.fails) == 0 {
		return ""
	}
	return "; not" + listed(t.fails)
}

// LongPollFriendlier asks whether more programs carry long polls than streams.
func LongPollFriendlier() Claim {
	const poll = "long-poll"
	streams := []string{"xhr-streaming", "eventsource", "forever-iframe"}
	return Claim{
		Name: "long-poll-friendlier", Sentence: "Long polling gets through more proxies than streaming",
		Source:     "RFC 6202, section 3.2: an intermediary need not pass on an answer that is not whole; those of long polls are",
		Measured:   "long polls and three kinds of streams through each program that is installed, by the Go client: first message, a message each 270 ms, a burst",
		Techniques: append([]string{poll}, streams...),
		Test: func(ctx context.Context, l *Lab) (Answer, error) {
			s, err := l.programs(ctx)
			if err != nil {
				return Answer{}, err
			}
			if a, none := s.noPrograms(); none {
				return a, nil
			}
			held, best := s.of(poll, false), 0
			a := Answer{Rows: s.rows(append([]string{poll}, streams...)...), Values: s.count(nil, append([]string{poll}, streams...)...)}
			a.Got = fmt.Sprintf("as they are stock, %d of %d programs carry long polls", len(held.works), held.asked())
			for _, name := range streams {
				t := s.of(name, false)
				best = max(best, len(t.works))
				a.Got += fmt.Sprintf(", %d %s", len(t.works), name)
			}
			a.Got += fmt.Sprintf("; configured for streams %d of %d carry long polls and", len(s.of(poll, true).works), s.of(poll, true).asked())
			for i, name := range streams {
				if i > 0 {
					a.Got += ","
				}
				a.Got += fmt.Sprintf(" %d %s", len(s.of(name, true).works), name)
			}
			a.Answer = holds(len(held.works) > best)
			return a, nil
		},
	}
}
