package clients

import (
	"fmt"
	"net/http"
	"net/url"

	"github.com/cometbench/cometbench/scenarios/measure"
)

// ApplyVariant writes a subscription's variant into its Target: the method, a
// body for those who brought none, and the subscribe options in the URL. To
// apply it again changes nothing, and Subscribe applies it by itself; others
// need it who ask with their own means. It fails for a variant that the
// technique does not have.
func ApplyVariant(s measure.Subscription) (measure.Subscription, error) {
	if s.Variant == "" {
		return s, nil
	}
	technique, ok := measure.TechniqueByName(s.Technique)
	if !ok {
		return s, fmt.Errorf("unknown technique %q", s.Technique)
	}
	if _, err := technique.As(s.Variant); err != nil {
		return s, err
	}
	v, _ := measure.VariantByName(s.Variant)
	u, err := url.Parse(s.Target.URL)
	if err != nil {
		return s, fmt.Errorf("apply variant %s: %w", s.Variant, err)
	}
	if len(v.Options) > 0 {
		q := u.Query()
		for _, option := range v.Options {
			q.Set(option[0], option[1])
		}
		u.RawQuery = q.Encode()
		s.Target.URL = u.String()
	}
	if v.Method == "" {
		return s, nil
	}
	if s.Target.Method == "" {
		s.Target.Method = v.Method
	}
	if s.Target.Body == nil {
		s.Target.Body = []byte("subscribe=1")
		if technique.Name == "forever-iframe" && s.Target.Header.Get("Content-Type") == "" {
			s.Target.Header = s.Target.Header.Clone()
			if s.Target.Header == nil {
				s.Target.Header = http.Header{}
			}
			s.Target.Header.Set("Content-Type", "application/x-www-form-urlencoded") // a form, not a script, sends it
		}
	}
	return s, nil
}
