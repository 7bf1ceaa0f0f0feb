package measure

import (
	"path"
	"slices"
)

// Glob reports whether name is one of the patterns or matches one. As in the
// shell, * and ? do not stand for a slash: real:nginx/* are the configurations
// of nginx, real:* the programs as they come.
func Glob(patterns []string, name string) bool {
	return slices.ContainsFunc(patterns, func(p string) bool {
		ok, _ := path.Match(p, name)
		return ok || p == name
	})
}
