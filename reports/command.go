package reports

import (
	"fmt"
	"slices"
	"strconv"
	"strings"
)

// carried are the flags of a run that change what a cell measures, besides
// its labels; the command that repeats a cell needs them again.
var carried = []string{"--app", "--via", "--suite", "--origin", "--origin-listen", "--origin-token", "--max-wait", "--check"}

// secret are the flags whose values no report shows.
var secret = []string{"--origin-token", "--token"}

const withheld = "TOKEN"

// repeatCommand is the shell command that measures one cell again; "" where
// none does, because a visitor would have to come again.
func repeatCommand(c *cell) string {
	if c.run.Record.Visitor != nil {
		return ""
	}
	args := []string{"cometbench", "run", "--technique", c.Technique, "--proxy", c.Proxy, "--client", c.Client}
	if c.HTTP != "" && c.HTTP != "1.1" {
		args = append(args, "--http", c.HTTP)
	}
	if c.TLS {
		args = append(args, "--tls")
	}
	rec := c.run.Record
	if rec.TimeScale != 0 && rec.TimeScale != 1 {
		args = append(args, "--time-scale", strconv.FormatFloat(rec.TimeScale, 'g', -1, 64))
	}
	if rec.Seed != 0 {
		args = append(args, "--seed", fmt.Sprint(rec.Seed))
	}
	for i, arg := range rec.Command {
		name, val, joined := strings.Cut(arg, "=")
		if !slices.Contains(carried, name) {
			continue
		}
		if !joined {
			if i+1 == len(rec.Command) {
				continue
			}
			val = rec.Command[i+1]
		}
		args = append(args, name, val)
	}
	return commandLine(args)
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
