package measure

import (
	"bufio"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"sync"
)

// Names inside a run directory.
const (
	ResultsFile  = "results.jsonl"
	TimelinesDir = "timelines"
)

// ErrExists is returned by Create when the directory already holds results.
var ErrExists = errors.New("already holds results")

// Writer appends records to a run directory as they come, so that an
// interrupted run keeps what it measured. Safe for concurrent use.
type Writer struct {
	mu  sync.Mutex
	dir string
	f   *os.File
}

// Create makes dir and its results.jsonl. It fails with ErrExists when there
// are results in it already.
func Create(dir string) (*Writer, error) {
	if err := os.MkdirAll(filepath.Join(dir, TimelinesDir), 0o755); err != nil {
		return nil, fmt.Errorf("create run directory: %w", err)
	}
	f, err := os.OpenFile(filepath.Join(dir, ResultsFile), os.O_CREATE|os.O_EXCL|os.O_WRONLY|os.O_APPEND, 0o644)
	if errors.Is(err, os.ErrExist) {
		return nil, fmt.Errorf("%s %w", dir, ErrExists)
	}
	if err != nil {
		return nil, fmt.Errorf("create run directory: %w", err)
	}
	return &Writer{dir: dir, f: f}, nil
}

// Dir is the run directory.
func (w *Writer) Dir() string { return w.dir }

// Append writes records, one line each, in a single write.
func (w *Writer) Append(records ...any) error {
	var buf []byte
	for _, r := range records {
		line, err := json.Marshal(r)
		if err != nil {
			return fmt.Errorf("encode record: %w", err)
		}
		buf = append(append(buf, line...), '\n')
	}
	w.mu.Lock()
	defer w.mu.Unlock()
	if _, err := w.f.Write(buf); err != nil {
		return fmt.Errorf("append results: %w", err)
	}
	return nil
}

// Timeline writes the events of one cell. It replaces an earlier file whole,
// never half.
func (w *Writer) Timeline(cell string, events []Event) error {
	path := filepath.Join(w.dir, TimelinesDir, cell+".jsonl")
	f, err := os.CreateTemp(filepath.Dir(path), ".part-*")
	if err != nil {
		return fmt.Errorf("write timeline: %w", err)
	}
	defer os.Remove(f.Name()) // a no-op after the rename
	b := bufio.NewWriter(f)
	enc := json.NewEncoder(b)
	for _, e := range events {
		e.Cell = cell
		if err := enc.Encode(e); err != nil {
			f.Close()
			return fmt.Errorf("write timeline: %w", err)
		}
	}
	if err := errors.Join(b.Flush(), f.Chmod(0o644), f.Close()); err != nil {
		return fmt.Errorf("write timeline: %w", err)
	}
	if err := os.Rename(f.Name(), path); err != nil {
		return fmt.Errorf("write timeline: %w", err)
	}
	return nil
}

// Close closes the results file.
func (w *Writer) Close() error { return w.f.Close() }

// Run is a run directory read back.
type Run struct {
	Dir      string
	Record   RunRecord
	Cells    []CellRecord
	Checks   []CheckRecord
	Loads    []LoadRecord
	Advice   []AdviceRecord // of run --prove
	Claims   []ClaimRecord  // of suites that test them, and run --claim
	End      *EndRecord     // nil when the run was interrupted
	Warnings []string       // lines that were not understood
}

// Complete reports whether the run came to its end.
func (r *Run) Complete() bool { return r.End != nil && r.End.Complete }

// ChecksOf returns the checks of one cell in file order.
func (r *Run) ChecksOf(cell string) []CheckRecord {
	var out []CheckRecord
	for _, c := range r.Checks {
		if c.Cell == cell {
			out = append(out, c)
		}
	}
	return out
}

// Read reads a run directory. Unknown fields are ignored, unknown types and a
// torn last line are skipped with a warning. A larger schema is an error, and
// so is none: there is no schema below 1.
func Read(dir string) (*Run, error) {
	f, err := os.Open(filepath.Join(dir, ResultsFile))
	if err != nil {
		return nil, fmt.Errorf("%s is no run directory (%w); cometbench run writes one", dir, err)
	}
	defer f.Close()
	return read(dir, f)
}

// ReadResults is Read for a results.jsonl of any name and place, as a baseline
// is kept; a directory is read as Read does. A file has no timelines.
func ReadResults(path string) (*Run, error) {
	info, err := os.Stat(path)
	if err == nil && info.IsDir() {
		return Read(path)
	}
	f, err := os.Open(path)
	if err != nil {
		return nil, fmt.Errorf("neither a run directory nor a results file: %w", err)
	}
	defer f.Close()
	return read(filepath.Dir(path), f)
}

func read(dir string, f *os.File) (*Run, error) {
	name := filepath.Base(f.Name())
	run := &Run{Dir: dir}
	in := bufio.NewReader(f)
	for n := 1; ; n++ {
		line, err := in.ReadBytes('\n')
		if err != nil && err != io.EOF {
			return nil, fmt.Errorf("read run: %w", err)
		}
		if len(line) > 0 {
			if perr := run.add(line); perr != nil {
				var schema schemaError
				if errors.As(perr, &schema) || n == 1 {
					return nil, fmt.Errorf("read run: %s line %d: %w", name, n, perr)
				}
				run.Warnings = append(run.Warnings, fmt.Sprintf("%s line %d: %v", name, n, perr))
			}
		}
		if err == io.EOF {
			break
		}
	}
	if run.Record.Type == "" {
		return nil, fmt.Errorf("read run: %s in %s has no run line", name, dir)
	}
	return run, nil
}

type schemaError int

func (e schemaError) Error() string {
	if e < 1 {
		return fmt.Sprintf("schema %d was never one of cometbench's, whose first is 1", int(e))
	}
	return fmt.Sprintf("schema %d is newer than this program's %d; use a newer cometbench", int(e), Schema)
}

func (r *Run) add(line []byte) error {
	var head struct {
		Type   string `json:"type"`
		Schema int    `json:"schema"`
	}
	if err := json.Unmarshal(line, &head); err != nil {
		return fmt.Errorf("not a record: %w", err)
	}
	switch head.Type {
	case TypeRun:
		if head.Schema < 1 || head.Schema > Schema {
			return schemaError(head.Schema)
		}
		return json.Unmarshal(line, &r.Record)
	case TypeCheck:
		return appendRecord(&r.Checks, line)
	case TypeCell:
		return appendRecord(&r.Cells, line)
	case TypeLoad:
		return appendRecord(&r.Loads, line)
	case TypeAdvice:
		return appendRecord(&r.Advice, line)
	case TypeClaim:
		return appendRecord(&r.Claims, line)
	case TypeEnd:
		r.End = new(EndRecord)
		return json.Unmarshal(line, r.End)
	}
	return fmt.Errorf("skipped: unknown type %q", head.Type)
}

func appendRecord[T any](to *[]T, line []byte) error {
	var v T
	if err := json.Unmarshal(line, &v); err != nil {
		return err
	}
	*to = append(*to, v)
	return nil
}

// ReadTimeline reads the events of one cell; a missing file is no events.
func ReadTimeline(dir, cell string) ([]Event, error) {
	f, err := os.Open(filepath.Join(dir, TimelinesDir, filepath.Base(cell)+".jsonl"))
	if errors.Is(err, os.ErrNotExist) {
		return nil, nil
	}
	if err != nil {
		return nil, fmt.Errorf("read timeline: %w", err)
	}
	defer f.Close()
	var out []Event
	for dec := json.NewDecoder(f); ; {
		var e Event
		if err := dec.Decode(&e); err == io.EOF {
			return out, nil
		} else if err != nil {
			return out, fmt.Errorf("read timeline: %w", err)
		}
		out = append(out, e)
	}
}
