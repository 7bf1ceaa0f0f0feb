package visits

import (
	"crypto/rand"
	"embed"
	"fmt"
	"html/template"
	"io/fs"
	"net/http"
	"strings"
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

func render(w http.ResponseWriter, page *template.Template, data pageData, policy string) {
	data.Nonce, data.Style = rand.Text(), template.CSS(file("style.css"))
	h := w.Header()
	h.Del("Access-Control-Allow-Origin") // the reference server lets everybody read what is tested; this is not
	private(h, "text/html; charset=utf-8")
	own := "'nonce-" + data.Nonce + "'"
	h.Set("Content-Security-Policy", "default-src 'none'; base-uri 'none'; style-src "+own+"; "+strings.ReplaceAll(policy, "OWN", own))
	_ = page.Execute(w, data) // the reader may be gone
}
