package reference

import (
	"errors"
	"fmt"
	"mime"
	"net/http"
	"regexp"
	"slices"
	"strconv"
	"strings"
	"time"
	"unicode/utf8"

	"github.com/cometbench/cometbench/internal/nearest"
)

type span = time.Duration

// Bounds of option values. They keep one request from asking for a busy loop
// or for more memory than a subscriber is worth.
const (
	minDuration = time.Millisecond
	maxDuration = 24 * time.Hour
	maxPrelude  = 1 << 20
	maxPadding  = 1 << 20
	maxBytes    = 1 << 40
	minLength   = 1024 // holds a hello and an end notice
	maxLimit    = 1 << 30
	maxWord     = 128
)

var callbackName = regexp.MustCompile(`^[A-Za-z_$][A-Za-z0-9_$.]*$`)

func setDuration[P any](field func(*P) *span) func(*P, string) error {
	return func(p *P, s string) error {
		d, err := time.ParseDuration(s)
		if err != nil {
			return errors.New("want a duration such as 250ms or 60s")
		}
		if d != 0 && (d < minDuration || d > maxDuration) {
			return fmt.Errorf("want 0, or %v to %v", minDuration, maxDuration)
		}
		*field(p) = d
		return nil
	}
}

func setInt64[P any](low, high int64, field func(*P) *int64) func(*P, string) error {
	return func(p *P, s string) error {
		n, err := strconv.ParseInt(s, 10, 64)
		if err != nil || n < low || n > high {
			return fmt.Errorf("want a whole number from %d to %d", low, high)
		}
		*field(p) = n
		return nil
	}
}

func setInt[P any](high int64, field func(*P) *int) func(*P, string) error {
	return func(p *P, s string) error {
		var n int64
		err := setInt64(0, high, func(*P) *int64 { return &n })(p, s)
		if err == nil {
			*field(p) = int(n)
		}
		return err
	}
}

func setWord[P any](field func(*P) *string, words ...string) func(*P, string) error {
	return func(p *P, s string) error {
		if !slices.Contains(words, s) {
			return wantWord(s, words)
		}
		*field(p) = s
		return nil
	}
}

// setFlag accepts on and, unless it is "", off.
func setFlag[P any](field func(*P) *bool, on, off string) func(*P, string) error {
	words := []string{on}
	if off != "" {
		words = append(words, off)
	}
	return func(p *P, s string) error {
		if !slices.Contains(words, s) {
			return wantWord(s, words)
		}
		*field(p) = s == on
		return nil
	}
}

func wantWord(s string, words []string) error {
	if near, ok := nearest.Name(s, words); ok && len(words) > 1 {
		return fmt.Errorf("want %s, did you mean %s", strings.Join(words, " or "), near)
	}
	return fmt.Errorf("want %s", strings.Join(words, " or "))
}

// setStatus accepts the statuses that say no.
func setStatus(p *Params, s string) error {
	n, err := strconv.Atoi(s)
	if err != nil || n != http.StatusNoContent && (n < 400 || n > 599) {
		return errors.New("want 204, or 400 to 599")
	}
	p.Status = n
	return nil
}

func setSlow(p *Params, s string) error {
	word := string(p.Slow)
	err := setWord(func(*Params) *string { return &word }, string(SlowDisconnect), string(SlowDrop), string(SlowWait))(p, s)
	p.Slow = SlowPolicy(word)
	return err
}

func setAfter(p *Params, s string) error {
	if _, _, err := parsePosition(s); err != nil {
		return err
	}
	p.After = s
	return nil
}

func setCallback(p *Params, s string) error {
	if len(s) > maxWord || !callbackName.MatchString(s) {
		return fmt.Errorf("want a name of at most %d characters that matches %s", maxWord, callbackName)
	}
	p.Callback = s
	return nil
}

func setType(p *Params, s string) error {
	media, _, err := mime.ParseMediaType(s)
	if err != nil || !strings.Contains(media, "/") || len(s) > maxWord || strings.ContainsFunc(s, func(r rune) bool { return r < ' ' || r > '~' }) {
		return errors.New("want a media type such as text/html")
	}
	p.Type = s
	return nil
}

// setText accepts anything that can be written down.
func setText[P any](field func(*P) *string) func(*P, string) error {
	return func(p *P, s string) error {
		if len(s) > maxWord || !utf8.ValidString(s) {
			return fmt.Errorf("want at most %d bytes of UTF-8", maxWord)
		}
		*field(p) = s
		return nil
	}
}
