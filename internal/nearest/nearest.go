package nearest

import (
	"strings"
	"unicode/utf8"

	"github.com/agext/levenshtein"
)

// maxWord bounds the words that are compared: the cost grows with the product
// of the lengths, and no name is that long.
const maxWord = 128

// Name returns the element of known that is nearest to word, ignoring case,
// and whether it is near enough to be suggested: at most one edit for every
// three letters of the longer of the two (but always one; two neighbours
// swapped are one edit), or word is an unfinished beginning of at least three
// letters. Of equally near names the first in known wins.
func Name(word string, known []string) (string, bool) {
	if word == "" || len(word) > maxWord {
		return "", false
	}
	lower := strings.ToLower(word)
	best, bestDistance := "", -1
	for _, name := range known {
		if name == "" || len(name) > maxWord {
			continue
		}
		candidate := strings.ToLower(name)
		d := distance(lower, candidate)
		if d > allowed(lower, candidate) {
			continue
		}
		if bestDistance < 0 || d < bestDistance {
			best, bestDistance = name, d
		}
	}
	if bestDistance >= 0 {
		return best, true
	}
	return completion(lower, known)
}

// distance counts edits. The library counts two neighbours swapped as two,
// which is the commonest slip (ngnix) and would put short names out of reach.
func distance(a, b string) int {
	if swapped(a, b) {
		return 1
	}
	return levenshtein.Distance(a, b, nil)
}

// swapped reports whether a becomes b by one swap of neighbours.
func swapped(a, b string) bool {
	if len(a) != len(b) {
		return false
	}
	i := 0
	for i < len(a) && a[i] == b[i] {
		i++
	}
	return i+1 < len(a) && a[i] == b[i+1] && a[i+1] == b[i] && a[i+2:] == b[i+2:]
}

// allowed is the number of edits that still count as a slip of the hand.
func allowed(a, b string) int {
	longer := max(utf8.RuneCountInString(a), utf8.RuneCountInString(b))
	return max(1, longer/3)
}

// completion returns the shortest name that begins with word.
func completion(word string, known []string) (string, bool) {
	if utf8.RuneCountInString(word) < 3 {
		return "", false
	}
	best := ""
	for _, name := range known {
		if strings.HasPrefix(strings.ToLower(name), word) && (best == "" || len(name) < len(best)) {
			best = name
		}
	}
	return best, best != ""
}
