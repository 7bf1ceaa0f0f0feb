package measure

import (
	"cmp"
	"time"
)

// Thresholds of delay, wire time (DESIGN.md, Verdicts).
const (
	// PromptFloor is the delay up to which a message always counts as prompt.
	PromptFloor = 250 * time.Millisecond
	// LateLimit is the delay beyond which a message counts as broken.
	LateLimit = 2 * time.Second
	// ControlFactor times the control's p99 is prompt as well, up to PromptCeiling:
	// one hiccup of a busy machine must not make a slow path look fine.
	ControlFactor = 5
	PromptCeiling = 500 * time.Millisecond
)

// Thresholds are the limits that delays of one cell are held against.
type Thresholds struct {
	Prompt time.Duration // works up to here
	Late   time.Duration // degraded up to here, broken beyond
}

// NewThresholds derives the limits from the control's p99 on the direct path
// and from the interval at which the technique asks (0 for pushed ones).
func NewThresholds(controlP99, pollInterval time.Duration) Thresholds {
	return Thresholds{}.For(controlP99, pollInterval)
}

// For is NewThresholds with floors of one's own: t.Prompt instead of
// PromptFloor, t.Late instead of LateLimit. Zero leaves the usual one.
func (t Thresholds) For(controlP99, pollInterval time.Duration) Thresholds {
	t = t.OrUsual()
	prompt := max(t.Prompt, min(ControlFactor*controlP99, PromptCeiling))
	return Thresholds{Prompt: prompt + pollInterval, Late: max(t.Late, prompt) + pollInterval}
}

// OrUsual fills in the usual floor where t has none.
func (t Thresholds) OrUsual() Thresholds {
	return Thresholds{Prompt: cmp.Or(t.Prompt, PromptFloor), Late: cmp.Or(t.Late, LateLimit)}
}

// Verdict judges one delay.
func (t Thresholds) Verdict(delay time.Duration) Verdict {
	switch {
	case delay <= t.Prompt:
		return Works
	case delay <= t.Late:
		return Degraded
	}
	return Broken
}
