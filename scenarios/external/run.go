package external

import (
	"bytes"
	"context"
	"encoding/json"
	"fmt"
	"path/filepath"
	"sync"

	"github.com/cometbench/cometbench/internal/child"
)

// Run says what a program is to do.
type Run struct {
	URL       string // of the endpoint, as it is reached along the path
	Transport string // one of the program's; "" is its own choice
	Options   Options
}

// Options are the script's.
type Options struct {
	Subscribe    []string `json:"subscribe"`              // channels
	Publish      *Publish `json:"publish,omitempty"`      // once, as soon as a session is there
	Send         []string `json:"send,omitempty"`         // texts, as soon as a session is there; of programs whose protocol has no channels
	NoAck        bool     `json:"-"`                      // deliveries are not to be acknowledged
	Ack          bool     `json:"ack"`                    // set from NoAck
	NetworkDelay int64    `json:"networkDelay,omitempty"` // milliseconds, in the place of the program's own limit for requests that are not held; 0 leaves it
}

// Publish is what the program itself publishes: {"n": 0} and so on.
type Publish struct {
	Channel string `json:"channel"`
	Count   int    `json:"count"`
}

// Event is one line of a program's report.
type Event struct {
	Event     string          `json:"event"` // see node/script.js
	At        int64           `json:"at"`    // Unix microseconds
	Transport string          `json:"transport"`
	Channel   string          `json:"channel"`
	Data      json.RawMessage `json:"data"`
	N         int             `json:"n"`
	OK        bool            `json:"ok"`
	On        string          `json:"on"` // channel of what failed, or transport
	Why       string          `json:"why"`
	Timer     string          `json:"timer"`  // of the client's, that was over
	Status    int             `json:"status"` // of an answer
	Code      int             `json:"code"`   // of an end, where the protocol has codes
}

// maxLine bounds one event of a program's report.
const maxLine = 8 << 20

// Process is a program at work.
type Process struct {
	child *child.Child
	lines *lines
}

// Start runs a program. sink gets each event, serially; it must not block for
// long.
func (k *Kit) Start(p Program, r Run, sink func(Event)) (*Process, error) {
	if r.Transport == "" {
		r.Transport = "any"
	}
	r.Options.Ack = !r.Options.NoAck
	if r.Options.Subscribe == nil {
		r.Options.Subscribe = []string{}
	}
	options, err := json.Marshal(r.Options)
	if err != nil {
		return nil, fmt.Errorf("run %s: %w", p.Name, err)
	}
	out := &lines{sink: sink}
	c, err := child.Start(child.Config{
		Path: k.node, Args: []string{filepath.Join(k.dir, p.Script), r.URL, r.Transport, string(options)}, Dir: k.dir, Stdout: out,
	})
	if err != nil {
		return nil, fmt.Errorf("run %s: %w", p.Name, err)
	}
	return &Process{child: c, lines: out}, nil
}

// Done is closed when the program has ended and its last event was told.
func (p *Process) Done() <-chan struct{} { return p.child.Done() }

// Kill ends the program without a word to anybody, as a crash would, and waits
// until it is gone.
func (p *Process) Kill() {
	ctx, cancel := context.WithCancel(context.Background())
	cancel() // no grace
	_ = p.child.Stop(ctx)
	<-p.child.Done()
}

// Err says why the report cannot be read, or what the program complained of;
// nil when neither is so.
func (p *Process) Err() error {
	p.lines.mu.Lock()
	defer p.lines.mu.Unlock()
	if p.lines.err == nil && p.lines.count == 0 {
		if last := p.child.Stderr().LastLine(); last != "" {
			return fmt.Errorf("it reported nothing: %s", last)
		}
	}
	return p.lines.err
}

// lines parses a report as it is written.
type lines struct {
	sink func(Event)

	mu    sync.Mutex
	rest  []byte
	count int
	err   error
}

func (l *lines) Write(p []byte) (int, error) {
	l.mu.Lock()
	defer l.mu.Unlock()
	l.rest = append(l.rest, p...)
	for l.err == nil {
		line, rest, whole := bytes.Cut(l.rest, []byte("\n"))
		if !whole {
			if len(line) > maxLine {
				l.err, l.rest = fmt.Errorf("a line of more than %d bytes", maxLine), nil
			}
			break
		}
		l.rest = rest
		var e Event
		if err := json.Unmarshal(line, &e); err != nil || e.Event == "" {
			l.err = fmt.Errorf("no event: %.120q", line)
			break
		}
		l.count++
		l.sink(e)
	}
	if l.err != nil {
		l.rest = nil
	}
	return len(p), nil
}
