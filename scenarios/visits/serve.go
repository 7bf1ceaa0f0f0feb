package visits

import (
	"crypto/rand"
	"embed"
	"errors"
	"fmt"
	"html/template"
	"io/fs"
	"net/http"
	"net/url"
	"path/filepath"
	"strings"
	"time"

	"github.com/cometbench/cometbench/scenarios/measure"
)

//go:embed page
var files embed.FS

// scripts are the page's, in the order in which they run. They are part of the
// page: a path that delivers it delivers all of it.
func scripts() []string {
	return []string{"talk.js", "exchange.js", "receivers.js", "frames.js", "visit.js"}
}

func templates() (page, list *template.Template, err error) {
	all, err := template.ParseFS(files, "page/*.tmpl")
	if err != nil {
		return nil, nil, fmt.Errorf("parse templates: %w", err)
	}
	return all.Lookup("self-test.tmpl"), all.Lookup("visits.tmpl"), nil
}

// file is one of the page's own, which are part of the program.
func file(name string) string {
	b, err := fs.ReadFile(files, "page/"+name)
	if err != nil {
		panic("visits: " + err.Error()) // embedded: cannot happen
	}
	return string(b)
}

// pageData is what the pages show.
type pageData struct {
	Nonce      string // of the page's own scripts and style
	Style      template.CSS
	Script     template.JS
	Techniques []pageTechnique
	Visits     []listed
	Kept       int
	Query      string // to be added to links: the token that the reader came with
}

type pageTechnique struct{ Name, Summary string }

// servePage answers with the page that tests the browser that reads it.
func (v *Visits) servePage(w http.ResponseWriter, r *http.Request) {
	if !allow(w, r, http.MethodGet, http.MethodHead) {
		return
	}
	var script strings.Builder
	for _, name := range scripts() {
		script.WriteString(file(name))
	}
	data := pageData{Script: template.JS(script.String()), Kept: v.cfg.Kept}
	for _, t := range v.cfg.techniques() {
		data.Techniques = append(data.Techniques, pageTechnique{t.Name, summaryOf(t.Name)})
	}
	render(w, v.page, data, "connect-src 'self' ws: wss:; img-src 'self' data:; frame-src 'self'; script-src 'self' OWN; form-action 'none'")
}

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

func render(w http.ResponseWriter, page *template.Template, data pageData, policy string) {
	data.Nonce, data.Style = rand.Text(), template.CSS(file("style.css"))
	h := w.Header()
	h.Del("Access-Control-Allow-Origin") // the reference server lets everybody read what is tested; this is not
	private(h, "text/html; charset=utf-8")
	own := "'nonce-" + data.Nonce + "'"
	h.Set("Content-Security-Policy", "default-src 'none'; base-uri 'none'; style-src "+own+"; "+strings.ReplaceAll(policy, "OWN", own))
	_ = page.Execute(w, data) // the reader may be gone
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
