package sockjs

import (
	"crypto/sha256"
	"encoding/hex"
	"html"
	"net/http"
	"strconv"
	"strings"
)

// iframePage is the page by which a client crosses origins without CORS.
type iframePage struct{ body, tag string }

func newIframePage(clientURL string) iframePage {
	body := `<!DOCTYPE html>
<html>
<head>
  <meta http-equiv="X-UA-Compatible" content="IE=edge" />
  <meta http-equiv="Content-Type" content="text/html; charset=UTF-8" />
  <script src="` + html.EscapeString(clientURL) + `"></script>
  <script>
    document.domain = document.domain;
    SockJS.bootstrap_iframe();
  </script>
</head>
<body>
  <h2>Don't panic!</h2>
  <p>This is a SockJS hidden iframe. It's used for cross domain magic.</p>
</body>
</html>`
	sum := sha256.Sum256([]byte(body))
	return iframePage{body: body, tag: `"` + hex.EncodeToString(sum[:16]) + `"`}
}

// iframe serves the page, for a year, to be asked for anew by its tag.
func (s *Service) iframe(w http.ResponseWriter, r *http.Request) {
	h := w.Header()
	h.Set("ETag", s.page.tag)
	longCached(h)
	if tagMatches(r.Header.Values("If-None-Match"), s.page.tag) {
		w.WriteHeader(http.StatusNotModified)
		return
	}
	h.Set("Content-Type", "text/html; charset=UTF-8")
	h.Set("Content-Length", strconv.Itoa(len(s.page.body)))
	_, _ = w.Write([]byte(s.page.body)) // the peer may be gone
}

// tagMatches reports whether a tag is among those of If-None-Match.
func tagMatches(lines []string, tag string) bool {
	for _, line := range lines {
		for item := range strings.SplitSeq(line, ",") {
			item = strings.TrimPrefix(strings.TrimSpace(item), "W/")
			if item == tag || item == "*" {
				return true
			}
		}
	}
	return false
}
