package sockjsprotocol

import (
	"context"
	"errors"
	"fmt"
	"net/url"
	"time"
)

// Case is one question.
type Case struct {
	Name       string // Class.test_name, as the published suite has it
	ChunkBound bool   // it holds chunks against frames unless Server.AnyChunks
	ask        func(*asking)
}

// Server is who is asked, and by what path.
type Server struct {
	Base  *url.URL // what the services are below: http://host:port/sockjs
	Proxy *url.URL // an HTTP forward proxy; nil is none

	// AnyChunks accepts frames in whatever chunks they come.
	AnyChunks bool
}

// allowed is how long a case may take.
const allowed = 15 * time.Second

// Run asks, and returns what was wrong.
func (c Case) Run(ctx context.Context, s Server) (err error) {
	ctx, cancel := context.WithTimeout(ctx, allowed)
	defer cancel()
	a := &asking{ctx: ctx, server: s}
	defer a.close()
	defer func() {
		switch v := recover().(type) {
		case nil:
		case wrong:
			err = fmt.Errorf("%s: %w", c.Name, v.error)
		default:
			panic(v)
		}
	}()
	c.ask(a)
	return nil
}

// Cases returns all of them in the suite's order.
func Cases() []Case {
	var out []Case
	for _, part := range [][]Case{
		staticCases(), infoCases(), sessionCases(), webSocketCases(), xhrCases(), streamingCases(), htmlfileCases(),
		jsonpCases(), cookieCases(), encodingCases(), closingCases(), versionCases(),
	} {
		out = append(out, part...)
	}
	return out
}

// asking is one case under way. Its methods give up by a panic of type wrong,
// which Run catches: a case reads like the rule that it asks for.
type asking struct {
	ctx    context.Context
	server Server
	open   []interface{ Close() error }
}

type wrong struct{ error }

// need gives up unless ok.
func (a *asking) need(ok bool, format string, args ...any) {
	if !ok {
		panic(wrong{fmt.Errorf(format, args...)})
	}
}

// must gives up on an error.
func (a *asking) must(err error) {
	if err != nil {
		if a.ctx.Err() != nil {
			err = errors.Join(err, a.ctx.Err())
		}
		panic(wrong{err})
	}
}

func (a *asking) close() {
	for _, c := range a.open {
		_ = c.Close() // what it had to say was asked
	}
}
