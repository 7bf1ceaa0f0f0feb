package browsers

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"net/url"
	"os"
	"sync"
	"time"

	"github.com/cometbench/cometbench/internal/child"
	"github.com/cometbench/cometbench/scenarios/measure"
)

// firefoxProcess is one running Firefox. What its connection tells goes to the
// page that it is about.
type firefoxProcess struct {
	dir     string // the profile
	child   *child.Child
	bidi    *bidi
	version string // as "Firefox/153.7.0"
	patient time.Duration
	closing sync.Once

	mu    sync.Mutex
	pages map[string]*firefoxPage // by browsing context, frames included
}

func (p *firefoxProcess) alive() bool     { return p.bidi.over() == nil }
func (p *firefoxProcess) product() string { return p.version }
func (p *firefoxProcess) pid() int        { return p.child.Pid() }

func (p *firefoxProcess) close() {
	p.closing.Do(func() {
		if p.child != nil {
			_ = p.child.Stop(context.Background()) // it is killed if need be
		}
		if p.bidi != nil {
			p.bidi.close()
		}
		_ = os.RemoveAll(p.dir)
	})
}

// evaluate runs an expression in a context and returns it, which must be a
// string.
func (p *firefoxProcess) evaluate(ctx context.Context, in, expression string) (string, error) {
	var answer struct {
		Result struct {
			Value json.RawMessage `json:"value"`
		} `json:"result"`
		Exception *struct {
			Text string `json:"text"`
		} `json:"exceptionDetails"`
	}
	err := p.bidi.call(ctx, "script.evaluate", object{
		"expression": expression, "target": object{"context": in}, "awaitPromise": false,
	}, &answer)
	if err != nil {
		return "", err
	}
	if answer.Exception != nil {
		return "", errors.New(answer.Exception.Text)
	}
	var text string
	if err := json.Unmarshal(answer.Result.Value, &text); err != nil {
		return "", fmt.Errorf("script.evaluate: not a string: %.80s", answer.Result.Value)
	}
	return text, nil
}

// openPage makes a user context and a tab in it.
func (p *firefoxProcess) openPage(ctx context.Context, t measure.Target) (page, error) {
	return p.open(ctx, t, "")
}

func (pg *firefoxPage) beside(ctx context.Context, t measure.Target) (page, error) {
	return pg.process.open(ctx, t, pg.userContext)
}

// open makes a tab in a user context, "" being one of its own. That is not given
// up in the middle, so that nothing is left of it.
func (p *firefoxProcess) open(ctx context.Context, t measure.Target, userContext string) (page, error) {
	ctx, cancel := context.WithTimeout(context.WithoutCancel(ctx), p.patient)
	defer cancel()
	pg := &firefoxPage{
		process: p, userContext: userContext, guest: userContext != "",
		box: newInbox(), left: make(chan struct{}), wire: newFirefoxNetwork(t.Proxy != ""),
	}
	if err := pg.open(ctx, t); err != nil {
		if p.alive() && ctx.Err() != nil {
			p.close()
			err = fmt.Errorf("%w: %w", errHung, err)
		}
		return nil, fmt.Errorf("open user context: %w", err)
	}
	return pg, nil
}

// firefoxProxy is a proxy as user contexts want it. Loopback goes through it
// as well by the profile's preferences.
func firefoxProxy(address string) (object, error) {
	if address == "" {
		return object{"proxyType": "direct"}, nil
	}
	u, err := url.Parse(address)
	if err != nil {
		return nil, fmt.Errorf("parse proxy: %w", err)
	}
	host := hostPort(u)
	return object{"proxyType": "manual", "httpProxy": host, "sslProxy": host}, nil
}

// adopt makes a context's events go to a page.
func (p *firefoxProcess) adopt(context string, pg *firefoxPage) {
	p.mu.Lock()
	defer p.mu.Unlock()
	p.pages[context] = pg
}

// forget ends that for all contexts of a page.
func (p *firefoxProcess) forget(pg *firefoxPage) {
	p.mu.Lock()
	defer p.mu.Unlock()
	for context, owner := range p.pages {
		if owner == pg {
			delete(p.pages, context)
		}
	}
}

// event hands an event to its page. It is called by the connection's reader.
func (p *firefoxProcess) event(method string, params json.RawMessage) {
	var m struct {
		Context string `json:"context"`
		Parent  string `json:"parent"`
		Source  struct {
			Context string `json:"context"`
		} `json:"source"`
		Channel string `json:"channel"`
		Data    struct {
			Value json.RawMessage `json:"value"`
		} `json:"data"`
	}
	if method == hungUp {
		p.mu.Lock()
		defer p.mu.Unlock()
		for _, pg := range p.pages {
			pg.leave()
		}
		return
	}
	if json.Unmarshal(params, &m) != nil {
		return
	}
	if m.Context == "" {
		m.Context = m.Source.Context
	}
	p.mu.Lock()
	pg := p.pages[m.Context]
	if method == "browsingContext.contextCreated" && m.Parent != "" {
		if parent := p.pages[m.Parent]; parent != nil {
			p.pages[m.Context] = parent
		}
	}
	if method == "browsingContext.contextDestroyed" {
		delete(p.pages, m.Context)
	}
	p.mu.Unlock()
	switch {
	case pg == nil:
	case method == "script.message":
		var text string
		if m.Channel == binding && json.Unmarshal(m.Data.Value, &text) == nil {
			pg.box.put(reported{text})
		}
	case method == "browsingContext.contextDestroyed":
		if m.Context == pg.context {
			pg.leave()
		}
	default:
		pg.wire.take(method, params, pg.box.put)
	}
}
