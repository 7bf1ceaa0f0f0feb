package proxies

import (
	"fmt"
	"net/http"
	"net/url"
)

// applied is a fault in a running hop.
type applied struct {
	fault      Fault
	hooks      Hooks
	conditions []condition
	gate       *gate
	late       bool // some condition needs the response
}

// apply builds the hooks of one instance.
func apply(specs []faultSpec, env Env) ([]*applied, error) {
	out := make([]*applied, len(specs))
	for i, s := range specs {
		args := s.args.scaled(s.fault.Params, env.Scale)
		args.seed = [2]uint64{uint64(env.Seed), uint64(i)}
		args.origins = append([]*url.URL{env.Origin}, env.Others...)
		hooks, err := s.fault.New(args)
		if err != nil {
			return nil, fmt.Errorf("fault %s: %w", s.fault.Name, err)
		}
		a := &applied{fault: s.fault, hooks: hooks, conditions: s.conditions, gate: newGate(env.Seed, i)}
		for _, c := range s.conditions {
			a.late = a.late || c.late()
		}
		out[i] = a
	}
	return out, nil
}

// matches decides the conditions where there will be no response to look at.
func (a *applied) matches(r *http.Request) bool { return !a.late && a.gate.match(a.conditions, r) }

func (ex *exchange) isActive(i int) bool {
	ex.mu.Lock()
	defer ex.mu.Unlock()
	return ex.active[i]
}

func (ex *exchange) activate(i int) {
	ex.mu.Lock()
	defer ex.mu.Unlock()
	ex.active[i] = true
}

// wrap puts the fault's hooks around the way to the origin for one exchange.
func (a *applied) wrap(next http.RoundTripper, ex *exchange, i int) http.RoundTripper {
	if !a.gate.match(a.conditions, ex.in) {
		return next
	}
	if a.late {
		return tripperFunc(func(r *http.Request) (*http.Response, error) {
			resp, err := next.RoundTrip(r)
			if err != nil || !a.matchResponse(resp) {
				return resp, err
			}
			ex.activate(i)
			// The fault gets the head at once and works on what follows.
			known := tripperFunc(func(*http.Request) (*http.Response, error) { return resp, nil })
			return a.around(known).RoundTrip(r)
		})
	}
	ex.activate(i)
	return a.around(next)
}

func (a *applied) matchResponse(resp *http.Response) bool {
	for _, c := range a.conditions {
		if c.late() && !c.matchResponse(resp) {
			return false
		}
	}
	return true
}

func (a *applied) around(next http.RoundTripper) http.RoundTripper {
	if a.hooks.Upstream != nil {
		next = a.hooks.Upstream(next)
	}
	request, response := a.hooks.Request, a.hooks.Response
	if request == nil && response == nil {
		return next
	}
	return tripperFunc(func(r *http.Request) (*http.Response, error) {
		if request != nil {
			if resp := request(r); resp != nil {
				return resp, nil
			}
		}
		resp, err := next.RoundTrip(r)
		if err != nil || response == nil {
			return resp, err
		}
		if err := response(resp); err != nil {
			_ = resp.Body.Close()
			return nil, err
		}
		return resp, nil
	})
}

type tripperFunc func(*http.Request) (*http.Response, error)

func (f tripperFunc) RoundTrip(r *http.Request) (*http.Response, error) { return f(r) }
