package real

import (
	"fmt"
	"path/filepath"
	"strings"
)

// Template returns the template of the configuration that a spec of this
// package names, so that a changed copy of it can be run as real:NAME@FILE. Of
// a user's own file {{.Here}} is spelled out, so that a copy elsewhere finds
// what the original finds. It fails as Parse does.
func Template(spec string) (string, error) {
	parsed, err := Parse(spec)
	if err != nil {
		return "", err
	}
	c := parsed.(*proxy).config
	if c.File == "" {
		return c.Text, nil
	}
	abs, err := filepath.Abs(c.File)
	if err != nil {
		return "", fmt.Errorf("template of %s: %w", spec, err)
	}
	return strings.ReplaceAll(c.Text, "{{.Here}}", filepath.Dir(abs)), nil
}

// ProgramOf is the name of the program that a spec of this package names; "" when
// it names none.
func ProgramOf(spec string) string {
	rest, ok := strings.CutPrefix(spec, Prefix)
	if !ok {
		return ""
	}
	rest, _, _ = strings.Cut(rest, "@")
	rest, _, _ = strings.Cut(rest, "/")
	if _, err := programByName(rest); err != nil {
		return ""
	}
	return rest
}
