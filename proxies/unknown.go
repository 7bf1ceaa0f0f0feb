package proxies

import "github.com/cometbench/cometbench/internal/nearest"

// UnknownNameError says that no preset, fault, parameter or condition has the
// given name.
type UnknownNameError struct {
	Kind    string // "proxy", "fault", "parameter", "condition"
	Name    string
	Nearest string   // the known name that was probably meant, "" for none
	Known   []string // all names of this kind
}

func (e *UnknownNameError) Error() string {
	msg := "unknown " + e.Kind + " " + quoteName(e.Name)
	if e.Nearest != "" {
		msg += "; did you mean " + e.Nearest + "?"
	}
	return msg
}

func unknownName(kind, name string, known []string) *UnknownNameError {
	near, _ := nearest.Name(name, known)
	return &UnknownNameError{Kind: kind, Name: name, Nearest: near, Known: known}
}
