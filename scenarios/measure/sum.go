package measure

import (
	"bytes"
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"errors"
	"fmt"
	"io"
)

// SumJSON is a short hash of a JSON value that survives what framings may do
// to its text and nothing else: the first 8 hex digits of the SHA-256 of its
// canonical form. That form is what encoding/json makes of the parsed value:
// compact, the members of objects sorted by name, no escapes for the sake of
// HTML, numbers as they were written. So \u003c and <, \/ and / count as equal,
// 1.0 and 1 do not. Two things are lost in it: of members of equal name only
// the last counts, and all lone surrogates are the replacement character.
// It fails when data is not one JSON value.
func SumJSON(data []byte) (string, error) {
	in := json.NewDecoder(bytes.NewReader(data))
	in.UseNumber()
	var v any
	if err := in.Decode(&v); err != nil {
		return "", fmt.Errorf("sum: %w", err)
	}
	if _, err := in.Token(); err != io.EOF {
		return "", errors.New("sum: more than one JSON value")
	}
	var canonical bytes.Buffer
	out := json.NewEncoder(&canonical)
	out.SetEscapeHTML(false)
	if err := out.Encode(v); err != nil {
		return "", fmt.Errorf("sum: %w", err)
	}
	return short(bytes.TrimSuffix(canonical.Bytes(), []byte("\n"))), nil
}

// SumBytes is the same of data that is no JSON (data_b64, decoded): the hash
// of "b:" and the bytes, so that it never equals that of a JSON text.
func SumBytes(data []byte) string {
	return short(append([]byte("b:"), data...))
}

func short(b []byte) string {
	sum := sha256.Sum256(b)
	return hex.EncodeToString(sum[:4])
}
