package proxies

import (
	"errors"
	"fmt"
	"math"
	"math/rand/v2"
	"net/url"
	"slices"
	"strconv"
	"strings"
	"time"

	"github.com/cometbench/cometbench/internal/nearest"
)

// Args are a fault's parsed arguments: what was given, and the defaults of
// what was not. The zero Args has none.
type Args struct {
	text      map[string]string
	durations map[string]time.Duration
	numbers   map[string]int64
	seed      [2]uint64
	origins   []*url.URL
}

// Has reports whether the parameter has a value, given or by default.
func (a Args) Has(name string) bool {
	_, ok := a.text[name]
	return ok
}

// Text returns the value as it was written; "" when there is none.
func (a Args) Text(name string) string { return a.text[name] }

// Duration returns a duration parameter; 0 when there is none.
func (a Args) Duration(name string) time.Duration { return a.durations[name] }

// Number returns a bytes or count parameter; 0 when there is none.
func (a Args) Number(name string) int64 { return a.numbers[name] }

// Origins are those of the instance, Env.Origin first; nil while Parse looks at
// the arguments.
func (a Args) Origins() []*url.URL { return a.origins }

// Random returns the number n of the instance's own sequences of chance.
func (a Args) Random(n uint64) *rand.Rand {
	return rand.New(rand.NewPCG(a.seed[0], a.seed[1]+n<<16))
}

// longest bounds durations, so that scaling cannot overflow.
const longest = 365 * 24 * time.Hour

// set checks text against p and stores it.
func (a *Args) set(p Param, text string) error {
	if a.text == nil {
		a.text = map[string]string{}
		a.durations = map[string]time.Duration{}
		a.numbers = map[string]int64{}
	}
	switch p.Type {
	case Duration:
		d, err := time.ParseDuration(text)
		if err != nil || d <= 0 || d > longest {
			return fmt.Errorf("%s=%s: want a duration above 0, as 200ms or 60s", p.Name, text)
		}
		a.durations[p.Name] = d
	case Bytes:
		n, err := parseBytes(text)
		if err != nil {
			return fmt.Errorf("%s=%s: %w", p.Name, text, err)
		}
		a.numbers[p.Name] = n
	case Count:
		n, err := strconv.ParseInt(text, 10, 32)
		if err != nil || n < 0 {
			return fmt.Errorf("%s=%s: want a number, 0 or more", p.Name, text)
		}
		a.numbers[p.Name] = n
	case Word:
		if !slices.Contains(p.Words, text) {
			if near, ok := nearest.Name(text, p.Words); ok {
				return fmt.Errorf("%s=%s: did you mean %s?", p.Name, text, near)
			}
			return fmt.Errorf("%s=%s: want one of %s", p.Name, text, strings.Join(p.Words, ", "))
		}
	case Text:
		if text == "" {
			return fmt.Errorf("%s: empty", p.Name)
		}
	default:
		return fmt.Errorf("%s: parameter type %q is not known", p.Name, p.Type)
	}
	a.text[p.Name] = text
	return nil
}

// scaled returns a copy whose policy durations are multiplied by factor; wire
// time stays. 0 is 1.
func (a Args) scaled(params []Param, factor float64) Args {
	if factor == 0 || factor == 1 {
		return a
	}
	out := a
	out.durations = make(map[string]time.Duration, len(a.durations))
	for _, p := range params {
		d, ok := a.durations[p.Name]
		if !ok {
			continue
		}
		if p.Time == Policy {
			d = max(time.Duration(float64(d)*factor), 1)
		}
		out.durations[p.Name] = d
	}
	return out
}

// parseBytes reads a size: a number of bytes, or one with k, M or G (powers of
// 1024; KiB and KB mean the same).
func parseBytes(text string) (int64, error) {
	digits := strings.TrimRight(text, "bBiIkKmMgG")
	n, err := strconv.ParseInt(digits, 10, 64)
	if err != nil || n < 1 {
		return 0, errors.New("want a size of at least 1, as 4096, 64k or 1M")
	}
	shift := 0
	switch strings.ToLower(text[len(digits):]) {
	case "", "b":
	case "k", "kb", "kib":
		shift = 10
	case "m", "mb", "mib":
		shift = 20
	case "g", "gb", "gib":
		shift = 30
	default:
		return 0, errors.New("want a size, as 4096, 64k or 1M")
	}
	if n > math.MaxInt64>>shift {
		return 0, errors.New("too large")
	}
	return n << shift, nil
}
