package visits

import (
	"errors"
	"fmt"
	"net/http"
	"path/filepath"
	"strings"

	"github.com/cometbench/cometbench/scenarios/measure"
)

// serveReport answers /visits/NAME with the visit's report, and
// /visits/NAME/results.jsonl with what it is made from.
func (v *Visits) serveReport(w http.ResponseWriter, r *http.Request) {
	if !ownWords(w, r) || !allow(w, r, http.MethodGet, http.MethodHead) {
		return
	}
	name, rest, _ := strings.Cut(strings.TrimPrefix(r.URL.Path, "/visits/"), "/")
	contentType, known := map[string]string{"": "text/html; charset=utf-8", measure.ResultsFile: "application/x-ndjson"}[rest]
	if !known || !visitName.MatchString(name) {
		refuse(w, http.StatusNotFound, "no such visit; /visits lists them")
		return
	}
	dir := filepath.Join(v.cfg.Dir, name)
	path := filepath.Join(dir, measure.ResultsFile)
	if rest == "" {
		var err error
		if path, err = v.rendered(dir); err != nil {
			refuse(w, http.StatusNotFound, "no report of this visit; /visits lists them")
			return
		}
	}
	h := w.Header()
	private(h, contentType)
	// The report needs its own scripts and nothing of this server's.
	h.Set("Content-Security-Policy", "sandbox allow-scripts; default-src 'none'; style-src 'unsafe-inline'; script-src 'unsafe-inline'; img-src data:; base-uri 'none'; form-action 'none'")
	http.ServeFile(w, r, path)
}

// errNotRendered is when nobody writes reports here.
var errNotRendered = errors.New("no report was rendered")

// rendered is the path of a visit's report, made anew if it is not there.
func (v *Visits) rendered(dir string) (string, error) {
	path := filepath.Join(dir, "report.html")
	if readable(path) {
		return path, nil
	}
	if v.cfg.Render == nil || !readable(filepath.Join(dir, measure.ResultsFile)) {
		return "", errNotRendered
	}
	if err := v.cfg.Render(dir); err != nil {
		return "", fmt.Errorf("render visit: %w", err)
	}
	return path, nil
}
