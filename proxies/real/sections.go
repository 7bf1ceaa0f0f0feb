package real

import (
	"path/filepath"
	"regexp"
	"strings"
)

// sectionMark is the line above each further file of a configuration that
// consists of several: -- remap.config --
var sectionMark = regexp.MustCompile(`^-- (\w[\w.-]*) --\s*$`)

// sections splits a configuration into its files by name; what stands above the
// first mark is called first. In each file the lines of the others are blank,
// so that the program's messages name the lines of the whole.
func sections(text, first string) map[string]string {
	files := map[string]string{first: ""}
	name, above := first, 0
	for line := range strings.Lines(text) {
		above++
		if mark := sectionMark.FindStringSubmatch(line); mark != nil {
			name = mark[1]
			if files[name] == "" {
				files[name] = strings.Repeat("\n", above)
			}
			continue
		}
		if behind := above - 1 - strings.Count(files[name], "\n"); behind > 0 {
			files[name] += strings.Repeat("\n", behind)
		}
		files[name] += line
	}
	return files
}

// writeSections lays files down in dir.
func writeSections(dir string, files map[string]string) error {
	for name, text := range files {
		if err := write(filepath.Join(dir, name), text); err != nil {
			return err
		}
	}
	return nil
}

// blank takes the lines out of text that drop chooses by their first word. The
// others keep their numbers.
func blank(text string, drop func(word string) bool) string {
	var b strings.Builder
	for line := range strings.Lines(text) {
		if words := strings.FieldsFunc(line, isBreak); len(words) > 0 && drop(words[0]) {
			line = strings.Repeat("\n", strings.Count(line, "\n"))
		}
		b.WriteString(line)
	}
	return b.String()
}

// isBreak reports what ends the first word of a line in the formats of blank:
// white space, and the equals sign or colon between a name and its value.
func isBreak(r rune) bool { return strings.ContainsRune(" \t\r\n=:", r) }
