package proxies

import (
	"fmt"
	"math/rand/v2"
	"mime"
	"net/http"
	"slices"
	"strconv"
	"strings"
	"sync"
	"time"
)

// condition is one if= or unless= of a fault.
type condition struct {
	key    string
	negate bool
	value  string        // type, method, header's value
	name   string        // header's name
	size   int64         // -1: of unknown length
	within time.Duration // first=10s
	count  int64         // first=3
	chance float64
}

// conditionKeys are the keys of RESULTS.md, and two that only presets of
// measured programs have needed so far: response-header and framing.
func conditionKeys() []string {
	return []string{"type", "type-exact", "method", "header", "response-header", "size", "framing", "first", "chance"}
}

// parseCondition reads KEY:VALUE.
func parseCondition(text string, negate bool) (condition, error) {
	key, value, found := strings.Cut(text, ":")
	c := condition{key: strings.TrimSpace(key), negate: negate, value: strings.TrimSpace(value)}
	if !found || c.value == "" {
		return c, fmt.Errorf("condition %s: want KEY:VALUE, as type:text/html", quoteName(text))
	}
	bad := func(want string) (condition, error) {
		return c, fmt.Errorf("condition %s: want %s", quoteName(text), want)
	}
	switch c.key {
	case "type", "type-exact":
		c.value = strings.ToLower(c.value)
	case "method":
		c.value = strings.ToUpper(c.value)
	case "header", "response-header":
		name, value, _ := strings.Cut(c.value, "=")
		c.name, c.value = http.CanonicalHeaderKey(strings.TrimSpace(name)), strings.TrimSpace(value)
		if c.name == "" {
			return bad("header:NAME or header:NAME=VALUE")
		}
	case "size":
		if c.value == "unknown" {
			c.size = -1
			break
		}
		n, err := parseBytes(c.value)
		if err != nil {
			return bad("size:BYTES or size:unknown")
		}
		c.size = n
	case "framing":
		if !slices.Contains(framings(), c.value) {
			return bad("framing:chunked, framing:length or framing:close")
		}
	case "first":
		if n, err := strconv.ParseInt(c.value, 10, 32); err == nil && n > 0 {
			c.count = n
			break
		}
		d, err := time.ParseDuration(c.value)
		if err != nil || d <= 0 || d > longest {
			return bad("first:COUNT or first:DURATION since the start")
		}
		c.within = d
	case "chance":
		p, err := strconv.ParseFloat(c.value, 64)
		if err != nil || !(p >= 0 && p <= 1) {
			return bad("chance:P with P from 0 to 1")
		}
		c.chance = p
	default:
		return c, unknownName("condition", c.key, conditionKeys())
	}
	return c, nil
}

// late reports whether the condition needs the response.
func (c condition) late() bool {
	switch c.key {
	case "type", "type-exact", "response-header", "size", "framing":
		return true
	}
	return false
}

// matchResponse decides a late condition.
func (c condition) matchResponse(resp *http.Response) bool {
	held := false
	switch c.key {
	case "type":
		// Loose, as nginx's gzip_types and most allow-lists: parameters are
		// ignored, and text/ stands for every text.
		t, _, err := mime.ParseMediaType(resp.Header.Get("Content-Type"))
		if err != nil {
			t, _, _ = strings.Cut(resp.Header.Get("Content-Type"), ";")
		}
		held = strings.HasPrefix(strings.ToLower(strings.TrimSpace(t)), c.value)
	case "type-exact":
		held = strings.ToLower(resp.Header.Get("Content-Type")) == c.value
	case "response-header":
		held = c.matchHeader(resp.Header)
	case "framing":
		held = framingOf(resp) == c.value
	case "size":
		if c.size < 0 {
			held = resp.ContentLength < 0
		} else {
			held = resp.ContentLength >= c.size
		}
	}
	return held != c.negate
}

// framings are the ways in which a body can end.
func framings() []string { return []string{"chunked", "length", "close"} }

func framingOf(resp *http.Response) string {
	switch {
	case slices.Contains(resp.TransferEncoding, "chunked"):
		return "chunked"
	case resp.ContentLength >= 0:
		return "length"
	case resp.ProtoMajor == 2:
		return "chunked" // frames do what chunks do
	}
	return "close"
}

// matchHeader reports whether the header is there, and has the value if one is
// wanted, in any case of letters.
func (c condition) matchHeader(h http.Header) bool {
	values := h[c.name]
	return len(values) > 0 && (c.value == "" || strings.EqualFold(values[0], c.value))
}

// gate decides the conditions on requests of one fault in one instance.
type gate struct {
	started time.Time
	mu      sync.Mutex
	seen    int64
	random  *rand.Rand
}

// newGate draws chances from seed; index keeps the faults of one hop apart.
func newGate(seed int64, index int) *gate {
	return &gate{started: time.Now(), random: rand.New(rand.NewPCG(uint64(seed), uint64(index)))}
}

// match decides all conditions that a request can decide. Every request is
// counted and drawn for once, whatever the other conditions say, so that one
// seed gives one sequence.
func (g *gate) match(conditions []condition, r *http.Request) bool {
	g.mu.Lock()
	defer g.mu.Unlock()
	g.seen++
	all := true
	for _, c := range conditions {
		held := false
		switch c.key {
		case "method":
			held = r.Method == c.value
		case "header":
			held = c.matchHeader(r.Header)
		case "first":
			held = g.seen <= c.count
			if c.within > 0 {
				held = time.Since(g.started) < c.within
			}
		case "chance":
			held = g.random.Float64() < c.chance
		default:
			continue
		}
		if held == c.negate {
			all = false
		}
	}
	return all
}
