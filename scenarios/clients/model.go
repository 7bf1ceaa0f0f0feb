package clients

import (
	"context"
	"fmt"
	"slices"
	"strings"

	"github.com/cometbench/cometbench/scenarios/measure"
)

// Model receives like a browser that nobody runs any more: the go client, with
// what that browser could not do taken away and the bytes of an answer shown
// only when it would have shown them. It never stands for a measurement of the
// browser itself, and its name says so.
//
// What a model holds back, it holds back by the content of the body, after any
// decompression, and it stamps what becomes visible with the time of the read
// that made it so. What an answer that breaks off still held is never seen.
type Model struct {
	name       string
	about      string
	techniques []string // those it has the means for
	without    string   // what it lacks for the others
	variants   []string // those it has the means for
	receiver
}

// Models returns new clients, one for each browser that is modelled. Some
// models hold state that all subscriptions of the one client share.
func Models() []measure.Client {
	return []measure.Client{ie("8"), ie("9"), xdr(), android2(), twoConnections()}
}

// ByName returns a new client of that name: "go" or one of Models.
func ByName(name string) (measure.Client, bool) {
	for _, c := range append([]measure.Client{NewGo()}, Models()...) {
		if c.Name() == name {
			return c, true
		}
	}
	return nil, false
}

// Name is "model:" and what it models.
func (m *Model) Name() string { return m.name }

// About says in a sentence what the model does and where that is known from.
func (m *Model) About() string { return m.about }

// Clock is this machine's: its distance to the coordinator's is nothing.
func (m *Model) Clock() measure.Clock { return measure.Clock{ID: m.clock} }

// Close has nothing to free.
func (m *Model) Close() error { return nil }

// Supports returns why the modelled browser could not receive s, or nil.
func (m *Model) Supports(s measure.Subscription) error {
	switch s.Target.HTTP {
	case "2", "3":
		return fmt.Errorf("%s stands for a browser older than HTTP/%s", m.name, s.Target.HTTP)
	}
	if err := (*Go)(nil).Supports(s); err != nil {
		return err
	}
	if !slices.Contains(m.techniques, s.Technique) {
		return fmt.Errorf("%s cannot receive by %s: it has %s", m.name, s.Technique, m.without)
	}
	if s.Variant != "" && !slices.Contains(m.variants, s.Variant) {
		return fmt.Errorf("%s cannot ask for the variant %s", m.name, s.Variant)
	}
	if method := s.Target.Method; method != "" && method != "GET" && method != "POST" {
		return fmt.Errorf("%s asks by GET and POST, not by %s", m.name, method)
	}
	return nil
}

// Subscribe receives as Go does, within the model's limits.
func (m *Model) Subscribe(ctx context.Context, s measure.Subscription, sink func(measure.Event)) error {
	if err := supported(m, s); err != nil {
		return fmt.Errorf("subscribe by %s: %w", s.Technique, err)
	}
	return subscribe(ctx, s, sink, m.receiver)
}

// model makes a Model of the name.
func model(name, about string) *Model {
	return &Model{name: name, about: about, receiver: receiver{clock: name, userAgent: UserAgent}}
}

var (
	// whole are the techniques whose answers are shown at their end by
	// everybody.
	whole = []string{"short-poll", "piggyback", "long-poll", "callback-poll", "bayeux-long-polling", "bayeux-callback-polling", "sockjs-xhr", "sockjs-jsonp"}
	// framed are those that an iframe, or what passes for one, reads.
	framed = []string{"forever-iframe", "forever-iframe-text"}
	// requested are those that an XMLHttpRequest reads while they come.
	requested = []string{"early-close", "xhr-streaming", "content-length-stream", "sockjs-xhr-streaming"}
)

// everything is each technique of the table but the sockets named.
func everything(but ...string) []string {
	var names []string
	for _, t := range measure.Techniques() {
		if !slices.Contains(but, t.Name) {
			names = append(names, t.Name)
		}
	}
	return names
}

// agent is a user agent that is recognisably not the real one.
func agent(s string) string { return strings.Join([]string{s, "cometbench"}, " ") }

var _ measure.Client = (*Model)(nil)
