package real

import (
	"context"
	"os"
	"strings"
	"time"

	"github.com/cometbench/cometbench/internal/child"
)

// signalled sends c a signal and waits until it has printed text to out, one of
// its outputs, thereafter.
func signalled(ctx context.Context, c *child.Child, sig os.Signal, out *child.Tail, text string) error {
	before := out.Total()
	if err := c.Signal(sig); err != nil {
		return err
	}
	return printed(ctx, c, out, before, text)
}

// printed waits until text is in what c has printed to out since out had before
// bytes.
func printed(ctx context.Context, c *child.Child, out *child.Tail, before int64, text string) error {
	tick := time.NewTicker(poll)
	defer tick.Stop()
	for {
		// In this order, so that what is looked at never reaches back too far.
		fresh := out.Total() - before
		said := out.String()
		if strings.Contains(said[max(0, len(said)-int(fresh)):], text) {
			return nil
		}
		select {
		case <-tick.C:
		case <-c.Done():
			return os.ErrProcessDone
		case <-ctx.Done():
			return ctx.Err()
		}
	}
}
