package scenarios

import (
	"context"
	"time"

	"github.com/cometbench/cometbench/scenarios/measure"
)

// The parts of the silence trial.
const (
	bareSilence = "bare"    // nothing is said
	keptSilence = "kept"    // heartbeats, three to the limit found and at least every 25 s; of polls the usual hold
	saidSilence = "said"    // messages in place of a socket's pings: the client says nothing then
	heldSilence = "interim" // 102 answers while a poll is held
	sameSilence = "again"   // as the first: a limit cuts again, a reload does not
	http1       = "http1"   // as kept, over HTTP/1.1
)

// followSilence asks on, on the same instance, when the path has cut a silence:
// whether the usual heartbeats or holds would have saved it; if they do,
// whether it would be cut again without them; if they do not, whether something
// else would; and whether it is HTTP/2 that is cut. All this is asked only of
// paths that cut.
func (b *Bench) followSilence(ctx context.Context, bare *Evidence, limit, silence time.Duration) error {
	ask := func(b *Bench, q quiet) (cut bool, err error) {
		e, err := b.silent(ctx, q)
		if err != nil {
			return false, err
		}
		bare.Parts = append(bare.Parts, e)
		_, cut = firstCut(e)
		return cut, nil
	}
	often := min(b.Policy(usualHeartbeat), limit/3)
	long := min(silence, limit*5/2)
	cut, err := ask(b, quiet{part: keptSilence, lasts: long, heartbeat: often, hold: b.Policy(usualHold)})
	if err != nil {
		return err
	}
	polls, socket := b.Technique.Polls(), b.Technique.Class == measure.ClassSocket
	if !cut && polls && limit > b.Policy(usualHold) {
		return nil // the hold ended before the limit, which explains it
	}
	if !cut {
		if again, err := ask(b, quiet{part: sameSilence, lasts: longer(limit, b.Scalable)}); err != nil || !again {
			return err
		}
	}
	switch {
	case socket:
		_, err = ask(b, quiet{part: saidSilence, lasts: long, messages: often})
	case polls && b.HTTP != "1.0":
		_, err = ask(b, quiet{part: heldSilence, lasts: long, interim: often})
	case cut && b.HTTP == "2":
		older := *b
		older.HTTP = "1.1"
		_, err = ask(&older, quiet{part: http1, lasts: longer(limit, b.Scalable), heartbeat: often})
	}
	return err
}

// longer is how long to wait for a cut that came after limit once: timers that
// look only now and then may take up to twice their time.
func longer(limit time.Duration, cheap bool) time.Duration {
	if cheap {
		return 2*limit + 100*time.Millisecond
	}
	return limit*3/2 + 100*time.Millisecond
}
