package browsers

import (
	"fmt"
	"os/exec"
	"time"
)

// Options say how a browser is found and run. The zero value is ready to use.
type Options struct {
	// Binary is the program to run; "" looks for one.
	Binary string
	// MostContexts is how many subscriptions are served at once; more wait.
	// 0 is 16. A browser holds about 10 MB for each.
	MostContexts int
	// StartWithin is how long the process may take to answer. 0 is 30 s.
	StartWithin time.Duration
	// LoadWithin is how long the page of a technique may take to load before
	// that is reported as an error event. 0 is 20 s.
	LoadWithin time.Duration
	// AnswerWithin is how long the browser may take for a small command before
	// it counts as hung and is replaced. 0 is 15 s: a busy machine is slow.
	AnswerWithin time.Duration
	// RootsPEM are certificates to trust in addition to the system's, in every
	// subscription: a browser takes them when it starts.
	RootsPEM []byte
}

func (o Options) withDefaults() Options {
	if o.MostContexts <= 0 {
		o.MostContexts = 16
	}
	if o.StartWithin <= 0 {
		o.StartWithin = 30 * time.Second
	}
	if o.LoadWithin <= 0 {
		o.LoadWithin = 20 * time.Second
	}
	if o.AnswerWithin <= 0 {
		o.AnswerWithin = 15 * time.Second
	}
	return o
}

// MissingError says that no browser is installed.
type MissingError struct {
	Program string // what was looked for
	Package string // the Debian package that brings it
}

func (e *MissingError) Error() string {
	return fmt.Sprintf("%s is not installed; apt-get install %s brings it", e.Program, e.Package)
}

// chromiumPrograms are tried in this order. The headless shell comes first: it
// uses a fraction of the processor time, and it phones nobody. Debian's
// /usr/bin/chromium is a shell script that adds flags, so the programs behind
// the wrappers come before them.
func chromiumPrograms() []string {
	return []string{
		"/usr/lib/chromium/chromium-headless-shell",
		"chromium-headless-shell", "chrome-headless-shell", "headless-shell", "headless_shell",
		"/usr/lib/chromium/chromium",
		"chromium", "chromium-browser", "google-chrome", "google-chrome-stable",
		"/Applications/Chromium.app/Contents/MacOS/Chromium",
		"/Applications/Google Chrome.app/Contents/MacOS/Google Chrome",
	}
}

// findChromium returns the path of the program to run: binary if that is
// given, else the first that is there. The error is a *MissingError.
func findChromium(binary string) (string, error) {
	programs := chromiumPrograms()
	if binary != "" {
		programs = []string{binary}
	}
	for _, program := range programs {
		if found, err := exec.LookPath(program); err == nil {
			return found, nil
		}
	}
	missing := &MissingError{Program: "chromium-headless-shell", Package: "chromium-headless-shell"}
	if binary != "" {
		missing.Program = binary
	}
	return "", missing
}
