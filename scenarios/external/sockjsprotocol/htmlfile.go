package sockjsprotocol

import (
	"net/http"
	"strings"
)

// htmlHead is the page's head, as the browser's parent window is called back.
func htmlHead(callback string) string {
	return `<!doctype html>
<html><head>
  <meta http-equiv="X-UA-Compatible" content="IE=edge" />
  <meta http-equiv="Content-Type" content="text/html; charset=UTF-8" />
</head><body><h2>Don't panic!</h2>
  <script>
    document.domain = document.domain;
    var c = parent.` + callback + `;
    c.start();
    function p(d) {c.message(d);};
    window.onload = function() {c.stop();};
  </script>`
}

func script(frame string) string { return "<script>\np(\"" + frame + "\");\n</script>\r\n" }

// head reads the page's head, which must be over a kilobyte. Without chunks it
// ends before the first script of a frame.
func (r *answer) head(callback string) {
	var got string
	if !r.server.AnyChunks && r.chunked {
		got = r.chunk()
	} else {
		for !strings.Contains(r.rest, "<script>\np(") {
			chunk := r.chunk()
			r.need(chunk != "", "the page ended within its head")
			r.rest += chunk
		}
		i := strings.Index(r.rest, "<script>\np(")
		got, r.rest = r.rest[:i], r.rest[i:]
	}
	r.need(strings.TrimSpace(got) == htmlHead(callback), "not the head of the protocol: %.500q", got)
	r.need(len(got) > 1024, "a head of %d bytes, want more than 1024", len(got))
}

var badCallbacks = []string{"%20", "*", "abc(", "abc%28"}

func htmlfileCases() []Case {
	return []Case{
		{Name: "HtmlFile.test_transport", ChunkBound: true, ask: func(a *asking) {
			session := newSession(echo)
			r := a.get(session + "/htmlfile?c=%63allback").has(http.StatusOK)
			r.mediaType("text/html;charset=UTF-8")
			r.notCached()
			r.head("callback")
			r.frame(script("o"))
			a.sends(session, `["x"]`)
			r.frame(script(`a[\"x\"]`))
		}},
		{Name: "HtmlFile.test_no_callback", ask: func(a *asking) {
			a.get(echo+"/a/a/htmlfile").says(http.StatusInternalServerError, `"callback" parameter required`)
		}},
		{Name: "HtmlFile.test_invalid_callback", ask: func(a *asking) {
			for _, name := range badCallbacks {
				a.get(echo+"/a/a/htmlfile?c="+name).says(http.StatusInternalServerError, `invalid "callback" parameter`)
			}
		}},
		{Name: "HtmlFile.test_response_limit", ChunkBound: true, ask: func(a *asking) {
			session := newSession(echo)
			r := a.get(session + "/htmlfile?c=callback").has(http.StatusOK)
			r.head("callback")
			r.frame(script("o"))
			text := strings.Repeat("x", 4096)
			a.sends(session, `["`+text+`"]`)
			r.frame(script(`a[\"` + text + `\"]`))
			r.ends()
		}},
	}
}
