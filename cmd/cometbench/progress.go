package main

import (
	"fmt"
	"io"
	"os"
	"time"

	"github.com/schollz/progressbar/v3"
	"golang.org/x/term"

	"github.com/cometbench/cometbench/scenarios"
)

// progress tells a person how far a run is: a live bar on a terminal, a line
// every few seconds elsewhere.
type progress struct {
	w     io.Writer
	quiet bool
	bar   *progressbar.ProgressBar
	live  bool
	last  time.Time
	told  bool // that all cells have ended
}

// drawEvery is the pause between two states of the bar.
const drawEvery = 200 * time.Millisecond

// lineEvery is the pause between two progress lines away from a terminal.
const lineEvery = 3 * time.Second

func newProgress(w io.Writer, quiet bool) *progress {
	return &progress{w: w, quiet: quiet, live: isTerminal(w), last: time.Now()}
}

func (p *progress) show(s scenarios.Progress) {
	if p.quiet {
		return
	}
	if !p.live {
		if whole := s.Cells == s.Total; !p.told && (whole || time.Since(p.last) >= lineEvery) {
			p.last, p.told = time.Now(), whole
			last := ""
			if s.Now != "" {
				last = "; last: " + s.Now
			}
			fmt.Fprintf(p.w, "%d of %d cells%s%s\n", s.Cells, s.Total, timeLeft(s), last)
		}
		return
	}
	if p.bar == nil {
		p.bar = progressbar.NewOptions(s.Total, progressbar.OptionSetWriter(p.w), progressbar.OptionSetWidth(20),
			progressbar.OptionShowCount(), progressbar.OptionSetPredictTime(false), progressbar.OptionSetElapsedTime(false), progressbar.OptionClearOnFinish())
	}
	if time.Since(p.last) >= drawEvery || s.Cells == s.Total {
		p.last = time.Now()
		p.bar.Describe(fmt.Sprintf("%-44.44s%s", s.Now, timeLeft(s)))
		p.bar.Set(s.Cells)
	}
}

// timeLeft says how long it will still take, once a fifth of the run is behind
// it: before that too little of it has been seen.
func timeLeft(s scenarios.Progress) string {
	if s.Cells == s.Total {
		return ""
	}
	if left := s.Left(); left > 0 && s.Elapsed*4 >= left {
		return fmt.Sprintf(", about %s left", left.Round(time.Second))
	}
	return ""
}

// say writes a line beside what is shown, and begins a new count.
func (p *progress) say(format string, args ...any) {
	if p.quiet {
		return
	}
	p.finish()
	fmt.Fprintf(p.w, format+"\n", args...)
}

func (p *progress) finish() {
	if p.bar != nil {
		p.bar.Finish()
	}
	p.bar, p.told, p.last = nil, false, time.Now()
}

func isTerminal(w io.Writer) bool {
	f, ok := w.(*os.File)
	return ok && term.IsTerminal(int(f.Fd()))
}

// terminalWidth is the width to lay tables out for, 80 where it is unknown.
func terminalWidth(w io.Writer) int {
	if f, ok := w.(*os.File); ok {
		if width, _, err := term.GetSize(int(f.Fd())); err == nil && width > 0 {
			return width
		}
	}
	return 80
}
