package visits

import (
	"context"
	"os"
	"path/filepath"
	"regexp"
	"slices"
	"time"

	"github.com/cometbench/cometbench/scenarios"
	"github.com/cometbench/cometbench/scenarios/measure"
)

// visitName is what the directories of visits are called; others in the same
// place are left alone.
var visitName = regexp.MustCompile(`^[0-9]{8}-[0-9]{6}\.[0-9]{3}-[a-z2-7]{4}$`)

// newestFirst lists the visits in dir.
func newestFirst(dir string) []string {
	entries, err := os.ReadDir(dir)
	if err != nil {
		return nil // nobody was here yet
	}
	var names []string
	for _, e := range entries {
		if e.IsDir() && visitName.MatchString(e.Name()) {
			names = append(names, e.Name())
		}
	}
	slices.Sort(names)
	slices.Reverse(names)
	return names
}

// keepNewest removes the oldest visits in dir beyond so many, but none that is
// busy.
func keepNewest(dir string, kept int, busy map[string]bool) {
	names := newestFirst(dir)
	for _, name := range names[min(kept, len(names)):] {
		if !busy[name] {
			remove(filepath.Join(dir, name))
		}
	}
}

// remove deletes a run directory that was made here. What cannot be removed
// stays, and is tried again after the next visit.
func remove(dir string) { _ = os.RemoveAll(dir) }

// readable reports whether there is a file to be read.
func readable(path string) bool {
	info, err := os.Stat(path)
	return err == nil && info.Mode().IsRegular()
}

// recordEvents bounds what is kept of the origin's record of one exchange:
// anybody may ask for a channel, as often as they like.
const recordEvents = 2_000

// bounded is an origin whose record of a channel ends at some point.
type bounded struct{ scenarios.Origin }

func (b bounded) Record(ctx context.Context, channel string, since int, wait time.Duration) ([]measure.Event, int, error) {
	events, next, err := b.Origin.Record(ctx, channel, since, wait)
	return events[:max(0, min(len(events), recordEvents-since))], next, err
}
