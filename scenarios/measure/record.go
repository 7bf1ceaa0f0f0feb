package measure

import (
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"fmt"
	"strings"
	"time"
)

// Schema is the number of the result format. Readers refuse a larger one.
const Schema = 1

// The types of lines in results.jsonl.
const (
	TypeRun    = "run"
	TypeCheck  = "check"
	TypeCell   = "cell"
	TypeEnd    = "end"
	TypeLoad   = "load"
	TypeAdvice = "advice"
	TypeClaim  = "claim"
)

// Labels are the key of a cell: two cells with equal labels are the same cell.
type Labels struct {
	Technique string `json:"technique"`
	Proxy     string `json:"proxy"`
	Client    string `json:"client"`
	HTTP      string `json:"http"`
	TLS       bool   `json:"tls"`
	Variant   string `json:"variant"`
}

// ID is the cell's id: the first 12 hex digits of a hash of the labels.
func (l Labels) ID() string {
	sum := sha256.Sum256([]byte(fmt.Sprintf("%q %q %q %q %t %q", l.Technique, l.Proxy, l.Client, l.HTTP, l.TLS, l.Variant)))
	return hex.EncodeToString(sum[:6])
}

// String names the cell for people: technique via proxy (client).
func (l Labels) String() string {
	var b strings.Builder
	fmt.Fprintf(&b, "%s via %s (%s", l.Technique, l.Proxy, l.Client)
	if l.HTTP != "" && l.HTTP != "1.1" {
		fmt.Fprintf(&b, ", HTTP/%s", l.HTTP)
	}
	if l.TLS {
		b.WriteString(", TLS")
	}
	if l.Variant != "" {
		fmt.Fprintf(&b, ", %s", l.Variant)
	}
	b.WriteString(")")
	return b.String()
}

// RunRecord is the first line of results.jsonl.
type RunRecord struct {
	Type       string             `json:"type"`
	Schema     int                `json:"schema"`
	ID         string             `json:"id"`
	Started    time.Time          `json:"started"`
	Command    []string           `json:"command"`
	Tool       Tool               `json:"tool"`
	Host       Host               `json:"host"`
	TimeScale  float64            `json:"time_scale"`
	Seed       int64              `json:"seed"`
	NoiseFloor map[string]float64 `json:"noise_floor,omitempty"`
	Planned    int                `json:"planned,omitempty"`   // cells the run set out to measure
	Suite      string             `json:"suite,omitempty"`     // the suite that said what to measure
	Repeat     int                `json:"repeat,omitempty"`    // how often each cell is measured; 0 is once
	Shard      *Shard             `json:"shard,omitempty"`     // nil is the whole matrix
	PromptMS   float64            `json:"prompt_ms,omitempty"` // thresholds of delay; 0 are the usual ones
	LateMS     float64            `json:"late_ms,omitempty"`
	Visitor    *VisitRecord       `json:"visitor,omitempty"` // set when somebody's browser came by itself
	// Selection is what the run was asked to measure, so that a resumed run
	// measures the same; its form belongs to the command that wrote it.
	Selection json.RawMessage `json:"selection,omitempty"`
}

// Thresholds are the limits of delay that the run held messages against, the
// usual ones filled in.
func (r RunRecord) Thresholds() Thresholds {
	ms := func(n float64) time.Duration { return time.Duration(n * float64(time.Millisecond)) }
	return Thresholds{Prompt: ms(r.PromptMS), Late: ms(r.LateMS)}.OrUsual()
}

// VisitRecord is who came to /self-test, and how.
type VisitRecord struct {
	UserAgent    string  `json:"user_agent,omitempty"`
	Via          string  `json:"via,omitempty"` // the header by which proxies name themselves
	HTTP         string  `json:"http"`          // as the browser sees it
	TLS          bool    `json:"tls"`           // the same
	RoundTripMS  float64 `json:"round_trip_ms"` // of a small plain request: what stands for a control
	ClockBoundMS float64 `json:"clock_bound_ms"`
}

// Tool identifies the build that measured.
type Tool struct {
	Version string `json:"version"`
	Commit  string `json:"commit"`
}

// Host identifies the machine that measured.
type Host struct {
	OS                string `json:"os"`
	Arch              string `json:"arch,omitempty"`
	CPUs              int    `json:"cpus"`
	MemoryBytes       int64  `json:"memory_bytes,omitempty"`
	CongestionControl string `json:"congestion_control,omitempty"`
}

// CheckRecord is the answer to one question about one cell. Durations in
// Values end in _ms, _us or _s, sizes in _bytes, all else is a count.
type CheckRecord struct {
	Type string `json:"type"`
	Cell string `json:"cell"`
	Labels
	ProxyVersion string             `json:"proxy_version,omitempty"`
	ProxyConfig  string             `json:"proxy_config,omitempty"` // sha256:… of the configuration
	HTTPUpstream string             `json:"http_upstream,omitempty"`
	Check        string             `json:"check"`
	Kind         Kind               `json:"kind"`
	Axis         Axis               `json:"axis"`
	Verdict      Verdict            `json:"verdict"`
	Cause        string             `json:"cause,omitempty"`
	Want         []string           `json:"want,omitempty"`
	Got          string             `json:"got,omitempty"`
	Advice       string             `json:"advice,omitempty"`
	Hits         int                `json:"hits"`
	EndedBy      string             `json:"ended_by,omitempty"` // origin, proxy, client, unknown
	EndKind      EndKind            `json:"end_kind,omitempty"`
	Values       map[string]float64 `json:"values,omitempty"`
	StartedUS    int64              `json:"started_us,omitempty"` // Unix, coordinator's clock; timelines count from here
	Clocks       []Clock            `json:"clocks,omitempty"`
	TookMS       int64              `json:"took_ms"`
	Trial        string             `json:"trial,omitempty"`    // the exchange it judged; names its events in the timeline
	BeganUS      int64              `json:"began_us,omitempty"` // when that exchange was given its place, Unix, coordinator's clock
	// Verdicts are those of each repetition, in order; nil when the cell was
	// measured once. The rest of the record is that of one repetition, the
	// first that had the cell's verdict.
	Verdicts []Verdict `json:"verdicts,omitempty"`
	// Samples are the durations among Values over all repetitions that had
	// them, in order, by name.
	Samples map[string][]float64 `json:"samples,omitempty"`
}

// CellRecord is the summary of one cell.
type CellRecord struct {
	Type string `json:"type"`
	Cell string `json:"cell"`
	Labels
	Verdict  Verdict `json:"verdict"`
	Opening  Verdict `json:"opening"`
	Delivery Verdict `json:"delivery"`
	Ending   Verdict `json:"ending"`
	Cause    string  `json:"cause,omitempty"`
	Reason   string  `json:"reason,omitempty"` // why there is no verdict, or where the trouble begins, in words
	Advice   string  `json:"advice,omitempty"`
	// FirstAt names the first of several paths to one application on which
	// its trouble shows: run --via.
	FirstAt string `json:"first_at,omitempty"`
	// Verdicts are those of each repetition, in order, of which Verdict is
	// what Settle makes; nil when the cell was measured once.
	Verdicts []Verdict `json:"verdicts,omitempty"`
	Wavers   bool      `json:"wavers,omitempty"` // they differ
	// Hop is the place of its path among those, from the application outward,
	// from 1; 0 elsewhere.
	Hop int `json:"hop,omitempty"`
}

// EndRecord is the last line of results.jsonl. A file without it is an
// interrupted run.
type EndRecord struct {
	Type     string          `json:"type"`
	Finished time.Time       `json:"finished"`
	Cells    int             `json:"cells"`
	Verdicts map[Verdict]int `json:"verdicts"`
	Complete bool            `json:"complete"`
	Gates    []Gate          `json:"gates,omitempty"` // what the run was held against
}

// LoadRecord is one step of a load run.
type LoadRecord struct {
	Type         string             `json:"type"`
	Technique    string             `json:"technique"`
	Proxy        string             `json:"proxy"`
	Subscribers  int                `json:"subscribers"`
	Agents       int                `json:"agents"`
	ClockBoundMS float64            `json:"clock_bound_ms"`
	Values       map[string]float64 `json:"values"`
	LimitedBy    string             `json:"limited_by"` // nothing, generator, server, proxy, descriptors, ports
}
