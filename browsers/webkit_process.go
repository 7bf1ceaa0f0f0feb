package browsers

import (
	"context"
	"fmt"
	"os"
	"sync"
	"sync/atomic"
	"time"

	"github.com/cometbench/cometbench/internal/child"
	"github.com/cometbench/cometbench/scenarios/measure"
)

// webkitProcess is a driver with its browser, and the X server in front of
// which it runs. The X server is the leash as well: it dies with us whatever
// happens, and a browser that has lost its display ends.
type webkitProcess struct {
	dir     string
	screen  *child.Child
	driver  *child.Child
	session *webdriver
	window  string // the one it opens by itself
	version string // as "WebKitGTK/2.50.6"
	patient time.Duration
	closing sync.Once
	pumps   atomic.Int32 // pages that are asked for their reports in turn
}

func (p *webkitProcess) product() string { return p.version }
func (p *webkitProcess) pid() int        { return p.driver.Pid() }

func (p *webkitProcess) alive() bool {
	select {
	case <-p.driver.Done():
		return false
	default:
		return true
	}
}

func (p *webkitProcess) close() {
	p.closing.Do(func() {
		for _, c := range []*child.Child{p.driver, p.screen} {
			if c != nil {
				_ = c.Stop(context.Background()) // with its group, killed if need be
			}
		}
		if p.session != nil {
			p.session.close()
		}
		_ = os.RemoveAll(p.dir)
	})
}

// openPage takes the window that there is.
func (p *webkitProcess) openPage(context.Context, measure.Target) (page, error) {
	return &webkitPage{process: p, window: p.window, box: newInbox(), left: make(chan struct{})}, nil
}

// beside opens another window.
func (pg *webkitPage) beside(ctx context.Context, _ measure.Target) (page, error) {
	p := pg.process
	ctx, cancel := context.WithTimeout(context.WithoutCancel(ctx), p.patient)
	defer cancel()
	window, err := p.session.beside(ctx, pg.window)
	if err != nil {
		return nil, fmt.Errorf("open window: %w", pg.failed(err))
	}
	return &webkitPage{process: p, window: window, guest: true, box: newInbox(), left: make(chan struct{})}, nil
}
