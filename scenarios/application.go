package scenarios

import (
	"context"
	"errors"
	"net/url"
	"slices"
	"time"

	"github.com/cometbench/cometbench/internal/selfsigned"
	"github.com/cometbench/cometbench/scenarios/app"
	"github.com/cometbench/cometbench/scenarios/measure"
)

// Application is somebody's own endpoint as the origin of a run. It can less
// than the reference server: it publishes what it likes, and what it sent is
// known only as far as our gateway reads along. Each trial has a gateway of
// its own, so that nothing needs to be added to the request to tell the
// trials apart.
type Application struct {
	Spec   *app.Spec
	budget *app.Budget
	front  *selfsigned.Pair // of the gateways, nil without TLS
	vias   []Via            // paths that lead there already; none: ours
	rounds *rounds
}

// NewApplication prepares an endpoint as origin. withTLS makes the gateway's
// side towards clients and proxies TLS.
func NewApplication(spec *app.Spec, withTLS bool) (*Application, error) {
	a := &Application{Spec: spec, budget: app.NewBudget(spec.Budget.Requests)}
	if withTLS {
		pair, err := selfsigned.New()
		if err != nil {
			return nil, err
		}
		a.front = &pair
	}
	return a, nil
}

// Budget counts the requests that the endpoint is asked.
func (a *Application) Budget() *app.Budget { return a.budget }

// URL is the endpoint's own address.
func (a *Application) URL() *url.URL { return a.Spec.Origin() }

// Roots are the authorities behind the gateways' certificates.
func (a *Application) Roots() []byte {
	if a.front == nil {
		return nil
	}
	return a.front.RootsPEM
}

// Can says that an application does nothing on demand.
func (a *Application) Can() Needs { return Needs{Record: len(a.vias) == 0} }

// Clock is the coordinator's: the gateway runs here.
func (a *Application) Clock() measure.Clock { return measure.Clock{ID: "c1"} }

// Close has nothing to stop.
func (a *Application) Close() error { return nil }

var errOwnWill = errors.New("an application sends when it likes, and cannot be told to")

// Publish fails: see Can.
func (a *Application) Publish(context.Context, string, time.Time, string, []byte) (string, error) {
	return "", errOwnWill
}

// Terminate fails: see Can.
func (a *Application) Terminate(context.Context, string) error { return errOwnWill }

// Record is that of a site; the application itself has none.
func (a *Application) Record(context.Context, string, int, time.Duration) ([]measure.Event, int, error) {
	return nil, 0, errOwnWill
}

// Site gives a trial an address of its own at which the endpoint is found.
func (a *Application) Site() (Origin, error) {
	if len(a.vias) > 0 {
		return a, nil
	}
	s := &appSite{Application: a}
	var err error
	if a.front != nil {
		s.gateway, err = app.NewGateway(a.Spec, a.budget, &a.front.Certificate)
	} else {
		s.gateway, err = app.NewGateway(a.Spec, a.budget, nil)
	}
	if err != nil {
		return nil, err
	}
	return s, nil
}

// appSite is the application behind one gateway.
type appSite struct {
	*Application
	gateway *app.Gateway
}

func (s *appSite) URL() *url.URL { return s.gateway.URL() }
func (s *appSite) Close() error  { return s.gateway.Close() }

// Record returns what the gateway read along, whatever the channel.
func (s *appSite) Record(_ context.Context, _ string, since int, _ time.Duration) ([]measure.Event, int, error) {
	events := s.gateway.Record()
	if since > len(events) {
		since = len(events)
	}
	return events[since:], len(events), nil
}

// redact takes secrets out of all that is about to be written down: whoever
// answers a request may repeat it. The check records are copies, since other
// cells look at those of their control.
func (a *Application) redact(rec *measure.CellRecord, checks []measure.CheckRecord, events []measure.Event) []measure.CheckRecord {
	rec.Reason = a.Spec.Redact(rec.Reason)
	checks = slices.Clone(checks)
	for i := range checks {
		checks[i].Got = a.Spec.Redact(checks[i].Got)
	}
	for i := range events {
		ev := &events[i]
		for _, text := range []*string{&ev.Note, &ev.ContentType, &ev.Encoding} {
			if *text != "" {
				*text = a.Spec.Redact(*text)
			}
		}
	}
	return checks
}

// soundCell takes back that an application works through a path where nothing
// showed that its messages came as they were sent.
func soundCell(rec *measure.CellRecord, checks []measure.CheckRecord) {
	for _, c := range checks {
		if c.Check == "delivery/steady" && c.Verdict == measure.Untested && rec.Verdict == measure.Works {
			rec.Verdict, rec.Delivery, rec.Reason = measure.Untested, measure.Untested, c.Got
		}
	}
}

// sited is an origin that has an address of its own for each trial.
type sited interface{ Site() (Origin, error) }
