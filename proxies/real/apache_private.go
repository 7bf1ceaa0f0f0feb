package real

import (
	"slices"
	"strings"
)

// apacheOutside are the directives that reach outside an instance's directory,
// change its user or take it into the background, in small letters. Debian's
// apache2.conf and the files it includes have most of them.
var apacheOutside = []string{
	"chrootdir", "coredumpdirectory", "customlog", "defaultruntimedir", "errorlog", "forensiclog", "globallog", "group",
	"jklogfile", "jkshmfile", "mutex", "pidfile", "scoreboardfile", "secauditlog", "secauditlog2", "secauditlogstoragedir",
	"secdatadir", "secdebuglog", "sectmpdir", "secuploaddir", "transferlog", "user",
}

// apachePrivate blanks the lines of apacheOutside, with the lines that continue
// them. Lines keep their numbers, so that the server's messages fit the user's
// file.
func apachePrivate(conf string) string {
	lines := strings.SplitAfter(conf, "\n")
	blank, inside := false, false // the line before went on, and was blanked
	for i, line := range lines {
		if !inside {
			words := strings.Fields(line)
			blank = len(words) > 0 && slices.Contains(apacheOutside, strings.ToLower(words[0]))
		}
		inside = strings.HasSuffix(strings.TrimRight(line, "\r\n"), `\`)
		if blank {
			lines[i] = strings.Repeat("\n", strings.Count(line, "\n"))
		}
	}
	return strings.Join(lines, "")
}
