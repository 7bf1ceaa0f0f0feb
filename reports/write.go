package reports

import (
	"bufio"
	"errors"
	"fmt"
	"io"
	"os"
	"path/filepath"

	"github.com/cometbench/cometbench/scenarios/measure"
)

// WriteAll reads the run in dir and writes report.html, summary.md and
// junit.xml next to its results. Each file replaces an earlier one whole,
// never half.
func WriteAll(dir string) error {
	run, err := measure.Read(dir)
	if err != nil {
		return err
	}
	for _, name := range []string{"html", "md", "junit"} {
		f, _ := FormatByName(name)
		if err := WriteFile(filepath.Join(dir, f.File), f, run); err != nil {
			return err
		}
	}
	return nil
}

// WriteFile renders the runs to a file, which appears when it is whole.
func WriteFile(path string, format Format, runs ...*measure.Run) error {
	return writeWhole(path, func(w io.Writer) error { return format.Write(w, runs) })
}

// WriteComparisonFile renders a comparison to a file, which appears when it is
// whole.
func WriteComparisonFile(path string, format ComparisonFormat, c measure.Comparison) error {
	return writeWhole(path, func(w io.Writer) error { return format.Write(w, c) })
}

func writeWhole(path string, write func(io.Writer) error) error {
	f, err := os.CreateTemp(filepath.Dir(path), ".part-*")
	if err != nil {
		return fmt.Errorf("write %s: %w", filepath.Base(path), err)
	}
	defer os.Remove(f.Name()) // a no-op after the rename
	b := bufio.NewWriter(f)
	err = write(b)
	if err = errors.Join(err, b.Flush(), f.Chmod(0o644), f.Close()); err != nil {
		return fmt.Errorf("write %s: %w", filepath.Base(path), err)
	}
	if err := os.Rename(f.Name(), path); err != nil {
		return fmt.Errorf("write %s: %w", filepath.Base(path), err)
	}
	return nil
}
