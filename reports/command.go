package reports

import (
	"fmt"
	"slices"
	"strconv"
	"strings"

	"github.com/cometbench/cometbench/scenarios/measure"
)

// carried are the flags of a run that change what a cell measures, besides
// its labels; the command that repeats a cell needs them again.
var carried = []string{"--app", "--via", "--suite", "--origin", "--origin-listen", "--origin-token", "--max-wait", "--check"}

// secret are the flags whose values no report shows.
var secret = []string{"--origin-token", "--token"}

const withheld = "TOKEN"

// repeatCommand is the shell command that measures one cell again; "" where
// none does, because a visitor would have to come again. What a flag's default
// could be then is said all the same: defaults may change.
func repeatCommand(c *cell) string {
	rec := c.run.Record
	if rec.Visitor != nil {
		return ""
	}
	args := append([]string{"cometbench", "run"}, whichCell(c)...)
	if c.HTTP != "" && c.HTTP != "1.1" {
		args = append(args, "--http", c.HTTP)
	}
	if c.TLS {
		args = append(args, "--tls")
	}
	args = append(args, asVariant(c.Variant)...)
	if rec.TimeScale != 0 && c.Technique != measure.AppTechnique {
		args = append(args, "--time-scale", strconv.FormatFloat(rec.TimeScale, 'g', -1, 64))
	}
	args = append(args, "--seed", fmt.Sprint(rec.Seed))
	if rec.Repeat > 1 {
		args = append(args, "--repeat", strconv.Itoa(rec.Repeat))
	}
	given := carriedOf(rec.Command)
	if usualMatrix(rec.Command) {
		given = append(given, "--suite", "default")
	}
	return commandLine(append(args, given...))
}

// whichCell names the cell by its labels. An application has one technique
// and one client, and paths that lead to it have names only beside their URLs.
func whichCell(c *cell) []string {
	switch {
	case c.Technique != measure.AppTechnique:
		return []string{"--technique", c.Technique, "--proxy", c.Proxy, "--client", c.Client}
	case c.Hop > 0:
		return nil
	}
	return []string{"--proxy", c.Proxy}
}

// asVariant is how the variant of a cell is asked for. It says in front that a
// proxy that can do both ran as a forward proxy.
func asVariant(variant string) []string {
	var out []string
	mode, form, _ := strings.Cut(variant, "+")
	if mode == "forward" {
		out = append(out, "--mode", mode)
	} else {
		form = variant
	}
	if form != "" {
		out = append(out, "--variant", form)
	}
	return out
}

// carriedOf finds the flags of a command that are to be carried over.
func carriedOf(command []string) []string {
	var out []string
	for i, arg := range command {
		name, val, joined := strings.Cut(arg, "=")
		if !slices.Contains(carried, name) {
			continue
		}
		if !joined {
			if i+1 == len(command) {
				continue
			}
			val = command[i+1]
		}
		out = append(out, name, val)
	}
	return out
}

// usualMatrix reports whether a command left to the default suite what is
// asked; to name a proxy without it asks more.
func usualMatrix(command []string) bool {
	return len(command) > 0 && !slices.ContainsFunc(command, func(arg string) bool {
		name, _, _ := strings.Cut(arg, "=")
		return slices.Contains([]string{"--suite", "--proxy", "--client", "--app", "--via"}, name)
	})
}

// commandLine quotes a command for a POSIX shell and withholds tokens.
func commandLine(args []string) string {
	out := redact(args)
	for i, arg := range out {
		out[i] = shellQuote(arg)
	}
	return strings.Join(out, " ")
}

// redact replaces the values of secret flags.
func redact(args []string) []string {
	out := slices.Clone(args)
	hide := false
	for i, arg := range args {
		name, _, joined := strings.Cut(arg, "=")
		switch {
		case hide:
			out[i], hide = withheld, false
		case slices.Contains(secret, name) && joined:
			out[i] = name + "=" + withheld
		case slices.Contains(secret, name):
			hide = true
		}
	}
	return out
}

// shellQuote quotes one word. Words with hidden characters are written as
// $'…', which bash, zsh and ksh read, so that nothing invisible is copied.
func shellQuote(s string) string {
	if s == "" {
		return "''"
	}
	plain := func(r rune) bool {
		return r >= 'a' && r <= 'z' || r >= 'A' && r <= 'Z' || r >= '0' && r <= '9' || strings.ContainsRune("_-./:=@%+,", r)
	}
	if strings.IndexFunc(s, func(r rune) bool { return !plain(r) }) < 0 {
		return s
	}
	if strings.ToValidUTF8(s, "") == s && strings.IndexFunc(s, hidden) < 0 {
		return "'" + strings.ReplaceAll(s, "'", `'\''`) + "'"
	}
	var b strings.Builder
	b.WriteString("$'")
	for i := 0; i < len(s); i++ {
		switch c := s[i]; {
		case c == '\'' || c == '\\':
			b.WriteByte('\\')
			b.WriteByte(c)
		case c < ' ' || c > '~':
			fmt.Fprintf(&b, `\x%02x`, c)
		default:
			b.WriteByte(c)
		}
	}
	b.WriteByte('\'')
	return b.String()
}
