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
}

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
		if time.Since(p.last) >= lineEvery || s.Cells == s.Total {
			p.last = time.Now()
			left := ""
			if s.Cells*5 > s.Total && s.Cells < s.Total { // before that nobody can know
				left = fmt.Sprintf(", about %s left", s.Left.Round(time.Second))
			}
			fmt.Fprintf(p.w, "%d of %d cells%s; last: %s\n", s.Cells, s.Total, left, s.Now)
		}
		return
	}
	if p.bar == nil {
		p.bar = progressbar.NewOptions(s.Total, progressbar.OptionSetWriter(p.w), progressbar.OptionSetWidth(20),
			progressbar.OptionShowCount(), progressbar.OptionSetPredictTime(true), progressbar.OptionClearOnFinish())
	}
	p.bar.Describe(fmt.Sprintf("%-44.44s", s.Now))
	p.bar.Set(s.Cells)
}

func (p *progress) finish() {
	if p.bar != nil {
		p.bar.Finish()
	}
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
