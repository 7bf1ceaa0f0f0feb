package rocket

import (
	"encoding/json"
	"fmt"
	"slices"
)

// Payload is an object that can be pushed.
type Payload interface {
	// TypeName names the type and its version, as demo.Tick/1. The client reads
	// the fields by it.
	TypeName() string
	// Fields are strings, booleans, ints and float64s, in the order in which
	// the client reads them.
	Fields() []any
}

const (
	rpcVersion = 7
	rpcFlags   = 0
)

// serialise writes an object as the answer of a GWT remote call: a JSON array
// that its reader takes from the end. Strings are numbers from 1 into a table.
// The error names a field of another kind.
func serialise(p Payload) (string, error) {
	var table []string
	number := func(s string) int {
		if i := slices.Index(table, s); i >= 0 {
			return i + 1
		}
		table = append(table, s)
		return len(table)
	}
	values := []any{number(p.TypeName())}
	for i, field := range p.Fields() {
		switch f := field.(type) {
		case string:
			values = append(values, number(f))
		case bool:
			values = append(values, map[bool]int{true: 1}[f])
		case int, float64:
			values = append(values, f)
		default:
			return "", fmt.Errorf("serialise %s: field %d is a %T", p.TypeName(), i, field)
		}
	}
	slices.Reverse(values)
	text, err := json.Marshal(append(values, table, rpcFlags, rpcVersion)) // escapes < > & as well
	if err != nil {
		return "", fmt.Errorf("serialise %s: %w", p.TypeName(), err)
	}
	return "//OK" + string(text), nil
}
