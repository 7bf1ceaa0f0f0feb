package stage

import (
	"crypto/rand"
	_ "embed"
	"encoding/json"
	"fmt"
	"html/template"
	"net/http"
	"strings"
)

//go:embed shell.html
var shell string

// pageData is what the shell shows around a demo.
type pageData struct {
	Nonce, Path string
	Config      any
}

// Page makes the page of a demo; see the function Page.
func (s *Stage) Page(text string, config func(*http.Request) any, sources ...string) (http.Handler, error) {
	return Page(s.Path, text, config, sources...)
}

// Page makes a page that stands at path. text is a template that defines
// "title" and "main", and may define "style" and "script"; config is what the
// script finds as the constant config. The page loads nothing but from this
// server, and connects to it and to sources, which are host sources of a
// content security policy.
func Page(path, text string, config func(*http.Request) any, sources ...string) (http.Handler, error) {
	t, err := template.New("shell").Parse(shell)
	if err == nil {
		t, err = t.Parse(text)
	}
	if err != nil {
		return nil, fmt.Errorf("page of %s: %w", path, err)
	}
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		if !Allow(w, r, http.MethodGet, http.MethodHead) {
			return
		}
		d := pageData{Nonce: rand.Text(), Path: path, Config: config(r)}
		h := w.Header()
		h.Set("Content-Type", "text/html; charset=utf-8")
		h.Set("Cache-Control", "no-store")
		h.Set("X-Content-Type-Options", "nosniff")
		h.Set("Content-Security-Policy", "default-src 'none'; script-src 'self' 'nonce-"+d.Nonce+"'; style-src 'nonce-"+d.Nonce+
			"'; img-src data:; frame-src 'self'; connect-src 'self' "+strings.Join(sources, " ")+"; base-uri 'none'; form-action 'none'")
		_ = t.Execute(w, d) // the visitor may be gone
	}), nil
}

// Answer answers with a JSON value.
func Answer(w http.ResponseWriter, value any) {
	h := w.Header()
	h.Set("Content-Type", "application/json")
	h.Set("Cache-Control", "no-store")
	h.Set("X-Content-Type-Options", "nosniff")
	_ = json.NewEncoder(w).Encode(value) // the client may be gone
}
