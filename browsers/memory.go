package browsers

import (
	"errors"

	"github.com/cometbench/cometbench/internal/child"
	"github.com/cometbench/cometbench/scenarios/measure"
)

var _ measure.Weigher = (*Browser)(nil)

// Memory is what the processes of the browser hold now, in bytes (proportional
// set size); an X server is not counted. It fails where none runs, and on
// systems other than Linux.
func (b *Browser) Memory() (int64, error) {
	var sum int64
	running := b.running()
	if len(running) == 0 {
		return 0, errors.New("measure the browser's memory: none runs")
	}
	for _, p := range running {
		u, err := child.Measure(p.pid())
		if err != nil {
			return 0, err
		}
		sum += u.RSS
	}
	return sum, nil
}

// running lists the processes that have started and live.
func (b *Browser) running() []process {
	b.mu.Lock()
	defer b.mu.Unlock()
	var out []process
	for _, s := range b.processes {
		select {
		case <-s.started:
			if s.err == nil && s.process.alive() {
				out = append(out, s.process)
			}
		default:
		}
	}
	for p := range b.single {
		out = append(out, p)
	}
	return out
}
