package reports

import (
	"bytes"
	"crypto/sha256"
	"embed"
	"encoding/base64"
	"fmt"
	"html/template"
	"io"
	"strings"

	"github.com/cometbench/cometbench/scenarios/measure"
)

//go:embed page/*.tmpl page/page.css page/page.js
var pageFiles embed.FS

// HTML writes one self-contained page: no network, readable without scripts.
// Timelines are read from each run's own directory; a cell without one is
// shown with less. The page allows itself no other script or style than its
// own, so that text of the run stays text even if an escape were missing.
func HTML(w io.Writer, runs []*measure.Run) error {
	t, err := template.New("page.tmpl").Funcs(template.FuncMap{"breakable": breakable}).ParseFS(pageFiles, "page/*.tmpl")
	if err != nil {
		return fmt.Errorf("write html report: %w", err)
	}
	css, err := pageFiles.ReadFile("page/page.css")
	if err != nil {
		return fmt.Errorf("write html report: %w", err)
	}
	js, err := pageFiles.ReadFile("page/page.js")
	if err != nil {
		return fmt.Errorf("write html report: %w", err)
	}
	view, err := newView(merge(runs), func(c cellView) (detailView, error) {
		var b strings.Builder
		err := t.ExecuteTemplate(&b, "cell", c)
		return detailView(b.String()), err
	})
	if err != nil {
		return fmt.Errorf("write html report: %w", err)
	}
	view.CSS, view.JS = template.CSS(css), template.JS(js)
	view.Policy = fmt.Sprintf("default-src 'none'; img-src data:; style-src %s; script-src %s; base-uri 'none'; form-action 'none'", digest(css), digest(js))
	var page bytes.Buffer // a template that fails half way must not leave half a page
	if err := t.Execute(&page, view); err != nil {
		return fmt.Errorf("write html report: %w", err)
	}
	if _, err := w.Write(page.Bytes()); err != nil {
		return fmt.Errorf("write html report: %w", err)
	}
	return nil
}

// digest is the form in which a content security policy allows an inline
// style or script.
func digest(text []byte) string {
	sum := sha256.Sum256(text)
	return "'sha256-" + base64.StdEncoding.EncodeToString(sum[:]) + "'"
}
