package scenarios

import (
	"fmt"
	"slices"
	"time"

	"github.com/cometbench/cometbench/scenarios/measure"
)

// closeProof is how much a path must hold back before `buffered` may be called
// `buffer-until-close`.
const closeProof = 256 << 10

// triggered is how soon after a message was sent a batch must be complete for
// that message to be what set it free.
const triggered = 60 * time.Millisecond

// diagnosis is why messages were late, in the words of the cause table.
type diagnosis struct {
	cause  string
	got    string
	values map[string]float64
	// certain means that the pattern cannot come from a busy machine: part of
	// the messages waited for the origin to end.
	certain bool
}

// diagnoseDelay explains late messages by the shape of their arrivals. It
// looks at messages and times only, never at chunks or reads.
func diagnoseDelay(c Case, e *Evidence) diagnosis {
	arrivals := e.Arrivals()
	held := heldBytes(arrivals)
	d := diagnosis{values: map[string]float64{"held_bytes_min": float64(held)}}
	if n := e.SessionsLost(); n > 0 {
		d.cause, d.certain = "session-affinity", true
		d.got = fmt.Sprintf("the session was lost %d times: another server got its requests", n)
		if e.FromCache() {
			d.cause = "cached"
			d.got = fmt.Sprintf("the session was opened %d times more: the client was given more good answers than the origin gave", n)
		}
		return d
	}
	if note := e.timerOver(); note != "" && e.Counts().Received == 0 {
		d.cause, d.got = "unknown", "the path takes longer than the client waits: "+note
		return d
	}
	late, originLate := 0, 0
	var worst time.Duration
	for _, a := range arrivals {
		if a.At.IsZero() || a.Delay <= c.Limits.Prompt {
			continue
		}
		late++
		worst = max(worst, a.Delay)
		if originKept(c, e, a) > c.Limits.Prompt-e.Interval && a.At.Sub(a.Wrote) <= c.Limits.Prompt {
			originLate++
		}
	}
	if originLate > late/2 {
		d.cause = "origin-slow"
		d.got = fmt.Sprintf("%d of %d messages late, and the origin itself wrote %d of them late", late, len(arrivals), originLate)
		return d
	}

	all := batches(arrivals)
	before, after := splitAtRelease(all, e.Released)
	latency := pathLatency(e, arrivals, after)
	rate := drained(e, c.Technique.Polls())
	d.certain = len(after) > 0 && e.Released.Sub(arrivals[len(arrivals)-1].Due) > c.Limits.Prompt
	switch {
	case len(all) == 0 && c.Repeated > 0 && !silentEnd(e):
		d.cause = "request-repeated"
		d.got = fmt.Sprintf("none of %d messages arrived: requests of this cell reached the origin more than once (%d more), and the client was given the answer that they were not sent to", len(arrivals), c.Repeated)
	case len(all) == 0 && mistyped(c, e) != "":
		d.cause, d.got = "header-dropped", mistyped(c, e)
	case len(all) == 0 && !silentEnd(e):
		d.cause = "buffered"
		d.got = fmt.Sprintf("none of %d messages arrived: what was held was thrown away when the origin broke off", len(arrivals))
	case len(all) == 0:
		d.cause = "half-open"
		d.got = fmt.Sprintf("none of %d messages arrived, not even when the origin ended", len(arrivals))
	case setFreeByEnds(c, e, arrivals):
		d.cause = "buffered"
		d.got = fmt.Sprintf("%d of %d messages late, at most %s, each set free when the origin ended its answer or sent the next; at least %d bytes held", late, len(arrivals), short(worst), held)
	case (c.Technique.Polls() || c.Technique.EndsItself && e.Asked == 0) && evenlyUnderWay(arrivals):
		// That messages share an answer is how polls work, and says nothing; nor
		// that they wait for a client that is on its way back.
		d.cause = "unknown"
		d.got = fmt.Sprintf("every answer %s under way and more, one like the other: latency, not buffering", short(latency))
	case rate > 0:
		d.cause = "unknown"
		d.values["rate_bytes_per_s"] = rate
		d.got = fmt.Sprintf("at most %s late, each message by what it and those before it weigh: the path passes about %.0f bytes a second", short(worst), rate)
	case len(before) == 0:
		d.cause = "buffered"
		if held >= closeProof {
			d.cause = "buffer-until-close"
		}
		d.got = fmt.Sprintf("%d messages in one batch when the origin ended, the first %s late; at least %d bytes held", countIn(after), short(worst), held)
	case len(after) > 0 && heldLast(before, after, latency):
		d.cause = "hold-last"
		d.got = fmt.Sprintf("each message arrived when the next was sent; the last %s late, when the origin ended", short(worst))
	case len(after) == 0 && len(before) == 1 && countIn(before) > 2 && setFreeBySending(before, arrivals, latency):
		// A block that is full, or a gate that is open from now on: one batch
		// looks the same for both.
		d.cause = "buffered"
		d.got = fmt.Sprintf("all %d messages came together once %d bytes were sent, up to %s late", countIn(before), before[0].bytes, short(worst))
	case len(after) > 0 || setFreeBySending(before, arrivals, latency):
		d.cause = "buffer-until-bytes"
		block := blockSize(before)
		d.values["block_bytes"] = float64(block)
		d.got = fmt.Sprintf("messages arrived in blocks of about %d bytes, up to %s late; the last %d when the origin ended", block, short(worst), countIn(after))
		if len(after) == 0 && (singlesAfterFirst(before, latency) || singleAfterBlock(before, latency)) {
			d.cause = "prelude-dependent"
			delete(d.values, "block_bytes")
			d.values["prelude_bytes"] = float64(before[0].bytes)
			d.got = fmt.Sprintf("nothing arrived before about %d bytes were sent, then each message at once", before[0].bytes)
		}
	case singlesAfterFirst(before, latency):
		d.cause = "scan"
		d.got = fmt.Sprintf("the first %d messages came together %s late, then each at once", len(before[0].arrivals), short(worst))
	case evenlyLate(arrivals) && largest(before)*2 <= countIn(before):
		d.cause = "unknown"
		d.got = fmt.Sprintf("every message about %s late, one like the other: latency, not buffering", short(quantile(delays(arrivals), .5)))
	case len(before) == 1 && largest(before) == len(arrivals) && sentTooClose(arrivals):
		d.cause = "buffered"
		d.got = fmt.Sprintf("all %d messages came in one batch, the first %s late; what set them free nobody can tell from one", len(arrivals), short(worst))
	case mostlyInBatches(before):
		d.cause = "hold-timer"
		d.values["hold_ms"] = ms(worst)
		d.got = fmt.Sprintf("messages arrived in batches of up to %d, at most %s late, without waiting for more to be sent", largest(before), short(worst))
	default:
		d.cause = "unknown"
		d.got = fmt.Sprintf("%d of %d messages late, one by one, at most %s", late, len(arrivals), short(worst))
	}
	if enc := compressedOnTheWay(c, e); enc != "" && (d.cause == "buffered" || d.cause == "buffer-until-close" || d.cause == "buffer-until-bytes") {
		d.cause = "compression"
		d.got += "; compressed on the way (" + enc + ")"
	}
	return d
}

// splitAtRelease parts the batches at the moment when the origin ended. What
// comes later, but not at once, was not set free by the end: it is only slow.
func splitAtRelease(all []batch, released time.Time) (before, after []batch) {
	for i, b := range all {
		if released.IsZero() || !b.arrivals[0].At.After(released) {
			continue
		}
		if all[len(all)-1].at.Sub(b.arrivals[0].At) > releaseSpread {
			return all, nil
		}
		return all[:i], all[i:]
	}
	return all, nil
}

// releaseSpread is how long what a buffer held may take to come out.
const releaseSpread = 500 * time.Millisecond

// mostlyInBatches reports whether at least half of the messages came together
// with another.
func mostlyInBatches(bs []batch) bool {
	together := 0
	for _, b := range bs {
		if len(b.arrivals) > 1 {
			together += len(b.arrivals)
		}
	}
	return together*2 >= countIn(bs) && together > 0
}

// heldLast recognises a path that is one message behind: singles, each set
// free by the sending of the next, and only the last one left at the end. A
// busy machine may blur one in four.
func heldLast(before, after []batch, latency time.Duration) bool {
	if countIn(after) != 1 || len(before) < 2 || largest(before) > 2 {
		return false
	}
	last := after[0].arrivals[0]
	behind := 0
	for i, b := range before {
		next := last
		if i+1 < len(before) {
			next = before[i+1].arrivals[0]
		}
		wait := b.at.Sub(next.Had) - latency
		if len(b.arrivals) == 1 && wait >= -triggered && wait <= 3*triggered {
			behind++
		}
	}
	return behind*4 >= len(before)*3
}

// setFreeBySending reports whether batches come right behind the sending of
// some message, as they do when a number of bytes opens the gate: a timer
// fires at any time. The message that opened it may itself be cut in two and
// come with the next batch. Where messages follow each other too quickly,
// every moment is right behind one, and nothing can be told.
func setFreeBySending(before []batch, arrivals []Arrival, latency time.Duration) bool {
	if sentTooClose(arrivals) {
		return false
	}
	many, freed := 0, 0
	for _, b := range before {
		if len(b.arrivals) < 2 {
			continue
		}
		many++
		for _, a := range arrivals {
			if wait := b.arrivals[0].At.Sub(a.Had) - latency; wait >= 0 && wait <= triggered {
				freed++
				break
			}
		}
	}
	return many > 0 && freed*4 >= many*3
}

// sentTooClose reports whether every moment is right behind the sending of some
// message.
func sentTooClose(arrivals []Arrival) bool {
	return len(arrivals) < 2 || arrivals[len(arrivals)-1].Due.Sub(arrivals[0].Due) < time.Duration(len(arrivals)-1)*3*triggered
}

// singlesAfterFirst reports whether one first batch was followed by prompt
// single messages: a gate that opens once. A busy machine may blur one in four:
// messages of a burst that come with another, but no less prompt for that.
func singlesAfterFirst(before []batch, latency time.Duration) bool {
	if len(before) < 3 || len(before[0].arrivals) < 2 {
		return false
	}
	together := 0
	for _, b := range before[1:] {
		if slices.ContainsFunc(b.arrivals, func(a Arrival) bool { return a.Delay-latency > triggered*2 }) {
			return false
		}
		if len(b.arrivals) > 1 {
			together += len(b.arrivals)
		}
	}
	return together*4 <= countIn(before[1:])
}

// singleAfterBlock reports whether one large batch was followed by one small
// message, at once. A block would have waited for more than that.
func singleAfterBlock(before []batch, latency time.Duration) bool {
	if len(before) != 2 || len(before[1].arrivals) > 1 {
		return false
	}
	return len(before[0].arrivals) > 2 && before[1].bytes*2 < before[0].bytes && before[1].newest()-latency <= triggered*2
}

// blockSize is the median number of bytes that were set free at once, over the
// batches of more than one message: those of small ones if there are several,
// because large ones say less of a block, and what is held while they are sent
// fast (nginx: several buffers) is another matter. Where there are none, every
// message was larger than the block, and the smallest bounds it.
func blockSize(before []batch) int {
	smallest := 0 // of the batches, by message
	for _, b := range before {
		if each := b.bytes / len(b.arrivals); smallest == 0 || each < smallest {
			smallest = each
		}
	}
	var sizes, fine []int
	for _, b := range before {
		if len(b.arrivals) == 1 {
			continue
		}
		sizes = append(sizes, b.bytes)
		if b.bytes/len(b.arrivals) < 2*smallest {
			fine = append(fine, b.bytes)
		}
	}
	if len(fine) >= fineBlocks {
		sizes = fine
	}
	if len(sizes) == 0 {
		return smallest
	}
	slices.Sort(sizes)
	return sizes[len(sizes)/2]
}

// fineBlocks are enough batches of small messages to know a block by.
const fineBlocks = 3

func countIn(bs []batch) int {
	n := 0
	for _, b := range bs {
		n += len(b.arrivals)
	}
	return n
}

func largest(bs []batch) int {
	n := 0
	for _, b := range bs {
		n = max(n, len(b.arrivals))
	}
	return n
}

// compressedOnTheWay is the content encoding that the client saw although the
// origin was not asked to compress, or an application did not.
func compressedOnTheWay(c Case, e *Evidence) string {
	own := e.Requests()
	if ctl := c.Control[appName]; ctl != nil && !e.read() {
		own = ctl.Headers()
	}
	for _, h := range e.Headers() {
		byItself := slices.ContainsFunc(own, func(o measure.Event) bool { return o.Encoding == h.Encoding })
		if h.Encoding != "" && h.Encoding != "identity" && !byItself {
			return h.Encoding
		}
	}
	return ""
}

// short writes a duration for people: 12 ms, 1.2 s.
func short(d time.Duration) string {
	if d < time.Second {
		return fmt.Sprintf("%d ms", d.Milliseconds())
	}
	return fmt.Sprintf("%.1f s", d.Seconds())
}
