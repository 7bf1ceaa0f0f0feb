package reference

import (
	"context"
	"time"
)

// waitForHello sends the head at once and lets the option's time pass, so that
// a path which keeps the head until something follows it is seen. A
// subscription that ends meanwhile does not wait.
func (s *stream) waitForHello(ctx context.Context) error {
	if s.sub.Params.Hello == 0 {
		return nil
	}
	if err := s.out.head(); err != nil {
		return err
	}
	timer := time.NewTimer(s.sub.Params.Hello)
	defer timer.Stop()
	for s.sub.Detached() == "" {
		select {
		case <-ctx.Done():
			return ctx.Err()
		case <-timer.C:
			return nil
		case <-s.sub.wake: // what it was woken for is looked for behind the hello
		}
	}
	return nil
}
