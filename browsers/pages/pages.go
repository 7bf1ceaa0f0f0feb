package pages

import (
	"bytes"
	"embed"
	"io/fs"
	"net/http"
	"path"
	"slices"
	"strings"
	"time"
)

// Prefix is the path under which the pages expect to be found.
const Prefix = "/pages/"

//go:embed static
var static embed.FS

// Techniques returns the names of the techniques that have a page, sorted.
func Techniques() []string {
	entries, err := static.ReadDir("static")
	if err != nil {
		panic("browsers/pages: " + err.Error()) // embedded: cannot happen
	}
	var names []string
	for _, e := range entries {
		if name, ok := strings.CutSuffix(e.Name(), ".html"); ok {
			names = append(names, name)
		}
	}
	slices.Sort(names)
	return names
}

// Has reports whether technique has a page.
func Has(technique string) bool {
	return slices.Contains(Techniques(), technique)
}

// Path is the path of a technique's page on an origin that serves Handler.
func Path(technique string) string { return Prefix + technique + ".html" }

// Handler serves the pages under Prefix: mux.Handle(pages.Prefix,
// pages.Handler()). Nothing of it may be kept by a cache, or a browser would
// later measure with the scripts of an earlier version.
func Handler() http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		if r.Method != http.MethodGet && r.Method != http.MethodHead {
			w.Header().Set("Allow", "GET, HEAD")
			http.Error(w, "method not allowed", http.StatusMethodNotAllowed)
			return
		}
		name, under := strings.CutPrefix(r.URL.Path, Prefix)
		body, err := fs.ReadFile(static, path.Join("static", name))
		if !under || err != nil {
			http.NotFound(w, r)
			return
		}
		h := w.Header()
		h.Set("Content-Type", contentType(name))
		h.Set("X-Content-Type-Options", "nosniff")
		h.Set("Cache-Control", "no-store")
		// A subscription on a connection left over from its page would hide
		// how connections open, and Chromium silently asks again when a used
		// connection turns out to be dead.
		if r.ProtoMajor == 1 {
			h.Set("Connection", "close")
		}
		http.ServeContent(w, r, name, time.Time{}, bytes.NewReader(body))
	})
}

// contentType does not ask the system's table for what it serves, which
// differs between machines.
func contentType(name string) string {
	if path.Ext(name) == ".js" {
		return "text/javascript; charset=utf-8"
	}
	return "text/html; charset=utf-8"
}
