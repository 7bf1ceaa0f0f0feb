package measure

import (
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"os"
	"path/filepath"
)

// Resume reopens the directory of an interrupted run for appending and returns
// the ids of the cells that ended with a verdict. A torn last line and an end
// line of the interruption are dropped first. A complete run is an error.
func Resume(dir string) (*Writer, map[string]bool, error) {
	run, err := Read(dir)
	if err != nil {
		return nil, nil, err
	}
	if run.Complete() {
		return nil, nil, errors.New("this run is complete; there is nothing to resume")
	}
	path := filepath.Join(dir, ResultsFile)
	whole, err := os.ReadFile(path)
	if err != nil {
		return nil, nil, fmt.Errorf("resume run: %w", err)
	}
	done := map[string]bool{}
	for _, c := range run.Cells {
		done[c.Cell] = true
	}
	part := path + ".part"
	if err := os.WriteFile(part, keepEnded(whole, done), 0o644); err != nil {
		return nil, nil, fmt.Errorf("resume run: %w", err)
	}
	if err := os.Rename(part, path); err != nil {
		return nil, nil, fmt.Errorf("resume run: %w", err)
	}
	f, err := os.OpenFile(path, os.O_WRONLY|os.O_APPEND, 0o644)
	if err != nil {
		return nil, nil, fmt.Errorf("resume run: %w", err)
	}
	return &Writer{dir: dir, f: f}, done, nil
}

// keepEnded keeps the lines that a resumed run goes on from: the run, and what
// belongs to cells that ended.
func keepEnded(results []byte, done map[string]bool) []byte {
	var kept []byte
	for line := range bytes.Lines(results) {
		var head struct{ Type, Cell string }
		if !bytes.HasSuffix(line, []byte("\n")) || json.Unmarshal(line, &head) != nil {
			continue
		}
		if head.Type == TypeEnd || head.Type == TypeCheck && !done[head.Cell] {
			continue
		}
		kept = append(kept, line...)
	}
	return kept
}
