package load

import (
	"context"
	"fmt"
	"strings"
	"time"
)

// channel names one of the load's channels; two runs do not meet on it.
func (p *polling) channel(i int) string { return fmt.Sprintf("%s-%d", p.name, i) }

// publish sends on an open schedule: each message is due at its time, however
// late the one before it was. It returns how many were sent.
func (p *polling) publish(ctx context.Context) (int, error) {
	o := p.o
	body := fmt.Appendf(nil, `"%s"`, strings.Repeat("x", o.Size-2))
	every := time.Duration(float64(time.Second) / o.Rate)
	start := time.Now()
	for sent := 0; ; sent++ {
		due := start.Add(time.Duration(sent+1) * every)
		if due.After(start.Add(o.Duration)) {
			return sent, nil
		}
		timer := time.NewTimer(time.Until(due))
		select {
		case <-timer.C:
		case <-ctx.Done():
			timer.Stop()
			return sent, ctx.Err()
		}
		if _, err := o.Origin.Publish(ctx, p.channel(sent%o.Channels), due, "application/json", body); err != nil {
			return sent, err
		}
		if o.Progress != nil {
			o.Progress(time.Since(start), p.delivered.Load())
		}
	}
}

// expected is how many deliveries so many messages make.
func (p *polling) expected(published int) int64 {
	var n int64
	for ch := range p.o.Channels {
		messages := published / p.o.Channels
		if ch < published%p.o.Channels {
			messages++
		}
		readers := p.o.Subscribers / p.o.Channels
		if ch < p.o.Subscribers%p.o.Channels {
			readers++
		}
		n += int64(messages) * int64(readers)
	}
	return n
}
