package reference

import (
	"crypto/rand"
	_ "embed"
	"html/template"
	"net/http"
)

//go:embed index.html
var indexHTML string

var indexTemplate = template.Must(template.New("index").Parse(indexHTML))

// indexData is what the index page shows.
type indexData struct {
	Nonce      string // of the page's own script and style
	Techniques []indexTechnique
	Historic   []HistoricTechnique
	Options    []Option
	SelfTest   bool // there is a page that judges

	CompletionsURL string // as curl wants it
	Completion     []completionOption
}

type indexTechnique struct {
	Name string
	Info
}

// serveIndex answers / with the page that lists the techniques and tries each
// in the visitor's browser.
func (s *Server) serveIndex(w http.ResponseWriter, r *http.Request) {
	if !allowMethods(w, r, http.MethodGet, http.MethodHead) {
		return
	}
	data := indexData{Nonce: rand.Text(), Historic: Historic(), Options: Options(), Completion: completionOptions()}
	_, data.SelfTest = s.cfg.Extra["/self-test"]
	data.CompletionsURL = r.Host + completionsPath
	if r.TLS != nil {
		data.CompletionsURL = "https://" + data.CompletionsURL
	}
	for _, t := range All() {
		data.Techniques = append(data.Techniques, indexTechnique{t.Name(), t.Info()})
	}
	h := w.Header()
	h.Set("Content-Type", "text/html; charset=utf-8")
	h.Set("Cache-Control", "no-store")
	h.Set("X-Content-Type-Options", "nosniff")
	h.Set("Content-Security-Policy", "default-src 'none'; script-src 'self' 'nonce-"+data.Nonce+"'; style-src 'nonce-"+data.Nonce+
		"'; img-src 'self'; frame-src 'self'; connect-src 'self' ws: wss:; base-uri 'none'; form-action 'none'")
	_ = indexTemplate.Execute(w, data) // the visitor may be gone
}
