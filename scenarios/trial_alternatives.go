package scenarios

import (
	"context"
	"net/http"
	"slices"

	"github.com/cometbench/cometbench/scenarios/measure"
)

const alternativesName = "alternatives"

// The parts of the alternatives trial.
const (
	partIdentity = "identity" // without Accept-Encoding
	partMethod   = "method"   // by the technique's other method
	partType     = "type"     // under another media type
)

// alternativeMessages are enough to tell prompt from held.
const alternativeMessages = 4

// alternativesTrial asks for the same bytes in other ways, side by side: of a
// path that holds them back it tells what that hangs on.
func alternativesTrial() Trial {
	return Trial{Name: alternativesName, Provoking: true, Run: func(ctx context.Context, b *Bench) (*Evidence, error) {
		var asked []sideExchange
		add := func(part string, opts map[string][]string, how asking) {
			// What the client cannot do is left out; the judge says so.
			if b.Client.Supports(b.subscription(b.Nonce, opts, how)) == nil {
				asked = append(asked, sideExchange{part: part, opts: opts, how: how})
			}
		}
		add(partIdentity, unrecycled(), asking{header: http.Header{"Accept-Encoding": {""}}})
		if variant, ok := otherMethod(b.Technique, b.Variant); ok {
			add(partMethod, unrecycled(), asking{other: true, variant: variant})
		}
		if _, ok := b.Client.(measure.Asker); ok && b.Technique.Session == "" { // others take no type but the technique's own
			opts := unrecycled()
			opts.Set("type", otherType(b.Technique))
			opts.Set("charset", "none") // some lists compare the whole of the header
			add(partType, opts, asking{})
		}
		if len(asked) == 0 {
			return nil, &unableError{measure.Unsupported, b.Client.Name() + " can ask for this in no other way"}
		}
		return b.sideBySide(ctx, asked, alternativeMessages)
	}}
}

// byPost is the variant that asks by POST.
const byPost = "post"

// otherMethod is the variant that asks by the other method, if there is one.
func otherMethod(t measure.Technique, variant string) (string, bool) {
	if !slices.Contains(t.Variants, byPost) {
		return "", false
	}
	if variant == byPost {
		return "", true
	}
	return byPost, true
}

// otherType is the type that paths which hold a technique's own are likeliest
// to pass, and the other way about.
func otherType(t measure.Technique) string {
	if t.Type == "text/event-stream" {
		return "text/plain"
	}
	return "text/event-stream"
}
