package browsers

import (
	"bytes"
	"regexp"
	"sync"
)

// lineWatch is a writer that looks for a line: how programs say on which port
// they listen.
type lineWatch struct {
	found chan struct{} // closed when match is set
	match string        // the pattern's group

	mu      sync.Mutex
	pattern *regexp.Regexp
	rest    []byte // the line that is not whole yet
	over    bool
}

// longestLine bounds what is kept of a line that does not end.
const longestLine = 4 << 10

func newLineWatch(pattern *regexp.Regexp) *lineWatch {
	return &lineWatch{found: make(chan struct{}), pattern: pattern}
}

// Write never fails.
func (w *lineWatch) Write(p []byte) (int, error) {
	w.mu.Lock()
	defer w.mu.Unlock()
	for rest := p; !w.over && len(rest) > 0; {
		line, after, whole := bytes.Cut(rest, []byte{'\n'})
		w.rest = append(w.rest, line[:min(len(line), longestLine-min(len(w.rest), longestLine))]...)
		if rest = after; !whole {
			break
		}
		if m := w.pattern.FindSubmatch(w.rest); m != nil {
			w.match, w.over = string(m[1]), true
			close(w.found)
		}
		w.rest = w.rest[:0]
	}
	return len(p), nil
}
