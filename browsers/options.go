package browsers

import (
	"fmt"
	"time"
)

// Options say how a browser is found and run. The zero value is ready to use.
type Options struct {
	// Binary is the program to run; "" looks for one.
	Binary string
	// MostContexts is how many subscriptions are served at once; more wait.
	// 0 is what two cores carry: 32 for Chromium and 16 for Firefox, which hold
	// about 10 MB for each, 4 for WebKit, which holds 230.
	MostContexts int
	// StartWithin is how long the process may take to answer. 0 is 30 s.
	StartWithin time.Duration
	// LoadWithin is how long the page of a technique may take to load before
	// that is reported as an error event. 0 is 20 s.
	LoadWithin time.Duration
	// AnswerWithin is how long the browser may take for a small command before
	// it counts as hung and is replaced. 0 is 15 s: a busy machine is slow.
	AnswerWithin time.Duration
}

func (o Options) withDefaults(e engine) Options {
	if o.MostContexts <= 0 {
		o.MostContexts = e.mostContexts()
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
