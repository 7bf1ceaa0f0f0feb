package visits

import (
	"net/http"
	"net/url"
	"path/filepath"
	"time"

	"github.com/cometbench/cometbench/scenarios/measure"
)

// serveList answers with the visits so far.
func (v *Visits) serveList(w http.ResponseWriter, r *http.Request) {
	if !ownWords(w, r) || !allow(w, r, http.MethodGet, http.MethodHead) {
		return
	}
	data := pageData{Kept: v.cfg.Kept}
	if token := r.URL.Query().Get("token"); token != "" {
		data.Query = "?" + url.Values{"token": {token}}.Encode()
	}
	for _, name := range newestFirst(v.cfg.Dir) {
		if l, err := look(filepath.Join(v.cfg.Dir, name)); err == nil {
			data.Visits = append(data.Visits, l)
		}
	}
	render(w, v.list, data, "img-src data:; form-action 'none'")
}

// listed is a visit as the list shows it.
type listed struct {
	Name    string
	When    time.Time
	Browser string // its label
	Agent   string
	Via     string
	Outcome string
	Advice  string
}

// look reads a visit's run directory.
func look(dir string) (listed, error) {
	run, err := measure.Read(dir)
	if err != nil {
		return listed{}, err
	}
	l := listed{Name: filepath.Base(dir), When: run.Record.Started.UTC()}
	if who := run.Record.Visitor; who != nil {
		l.Agent, l.Via, l.Browser = who.UserAgent, who.Via, agentName(who.UserAgent)
	}
	var cells []ended
	for _, c := range run.Cells {
		cells = append(cells, ended{CellRecord: c})
	}
	l.Outcome = outcomeOf(cells)
	if run.Complete() {
		l.Advice = recommend(cells).Text
	} else {
		l.Outcome += " (not finished)"
	}
	return l, nil
}
