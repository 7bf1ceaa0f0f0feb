package clients

import (
	"bytes"
	"encoding/json"
	"math"
	"strconv"
	"strings"
	"time"
)

// parseAny parses JSON with numbers as they were written.
func parseAny(data []byte) (any, error) {
	in := json.NewDecoder(bytes.NewReader(data))
	in.UseNumber()
	var v any
	err := in.Decode(&v)
	return v, err
}

// pointed follows a JSON pointer (RFC 6901); nil where it leads nowhere.
func pointed(v any, pointer string) any {
	if pointer == "" {
		return v
	}
	for _, token := range strings.Split(strings.TrimPrefix(pointer, "/"), "/") {
		token = strings.ReplaceAll(strings.ReplaceAll(token, "~1", "/"), "~0", "~")
		switch node := v.(type) {
		case map[string]any:
			v = node[token]
		case []any:
			i, ok := index(token)
			if !ok || i >= len(node) {
				return nil
			}
			v = node[i]
		default:
			return nil
		}
	}
	return v
}

// index reads the place of an element: digits without a leading zero.
func index(token string) (int, bool) {
	if token == "" || strings.Trim(token, "0123456789") != "" || len(token) > 1 && token[0] == '0' {
		return 0, false
	}
	i, err := strconv.Atoi(token)
	return i, err == nil
}

// wholeNumber reads an integer, written as a number or as a string of one, and
// perhaps as a fraction of nothing: 7.0, as some encoders have it.
func wholeNumber(v any) (int64, bool) {
	var text string
	switch t := v.(type) {
	case json.Number:
		text = t.String()
	case string:
		text = t
	default:
		return 0, false
	}
	if n, err := strconv.ParseInt(text, 10, 64); err == nil {
		return n, true
	}
	f, err := strconv.ParseFloat(text, 64)
	if err != nil || f != math.Trunc(f) || math.Abs(f) >= 1<<53 { // no number, or not exact
		return 0, false
	}
	return int64(f), true
}

// unixMicros reads a time: RFC 3339, or a Unix time whose unit shows in its
// size (s up to 1e11, which is the year 5138; ms up to 1e14; µs up to 1e17;
// ns beyond). 0 is none.
func unixMicros(v any) int64 {
	var text string
	switch t := v.(type) {
	case json.Number:
		text = t.String()
	case string:
		if stamp, err := time.Parse(time.RFC3339Nano, t); err == nil {
			return max(0, stamp.UnixMicro())
		}
		text = t
	}
	n, err := strconv.ParseFloat(text, 64)
	switch {
	case err != nil || !(n > 0 && n < 9e18): // not a number is neither
		return 0
	case n < 1e11:
		return int64(n * 1e6)
	case n < 1e14:
		return int64(n * 1e3)
	case n < 1e17:
		return int64(n)
	}
	return int64(n / 1e3)
}
