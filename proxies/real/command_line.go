package real

import "strings"

// commandLine returns the arguments that a configuration has for its program
// where it cannot say something itself. They stand in comments of their own (#
// or //) that consist of the program's name and arguments, of which the first
// begins with a dash.
func commandLine(conf, program string) []string {
	var all []string
	for line := range strings.Lines(conf) {
		words := strings.Fields(line)
		if len(words) > 2 && (words[0] == "#" || words[0] == "//") && words[1] == program && strings.HasPrefix(words[2], "-") {
			all = append(all, words[2:]...)
		}
	}
	return all
}
