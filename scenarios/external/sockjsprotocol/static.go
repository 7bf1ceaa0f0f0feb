package sockjsprotocol

import (
	"net/http"
	"strings"
)

func staticCases() []Case {
	return []Case{
		{Name: "BaseUrlGreeting.test_greeting", ask: func(a *asking) {
			for _, path := range []string{echo, echo + "/"} {
				r := a.get(path).is(http.StatusOK, "Welcome to SockJS!\n")
				r.mediaType("text/plain;charset=UTF-8")
				r.noCookie()
			}
		}},
		{Name: "BaseUrlGreeting.test_notFound", ask: func(a *asking) {
			for _, path := range []string{"/a", "/a.html", "//", "///", "/a/a", "/a/a/", "/a/"} {
				a.get(echo + path).has(http.StatusNotFound)
			}
		}},
		{Name: "IframePage.test_simpleUrl", ask: func(a *asking) { a.iframe("/iframe.html") }},
		{Name: "IframePage.test_versionedUrl", ask: func(a *asking) {
			for _, name := range []string{"-a", "-", "-0.1.2", "-0.1.2abc-dirty.2144"} {
				a.iframe("/iframe" + name + ".html")
			}
		}},
		{Name: "IframePage.test_queriedUrl", ask: func(a *asking) {
			for _, name := range []string{"-a.html?t=1234", "-0.1.2.html?t=123414", "-0.1.2abc-dirty.2144.html?t=qweqweq123"} {
				a.iframe("/iframe" + name)
			}
		}},
		{Name: "IframePage.test_invalidUrl", ask: func(a *asking) {
			for _, path := range []string{"/iframe.htm", "/iframe", "/IFRAME.HTML", "/IFRAME", "/iframe.HTML", "/iframe.xml", "/iframe-/.html"} {
				a.get(echo + path).has(http.StatusNotFound)
			}
		}},
		{Name: "IframePage.test_cacheability", ask: func(a *asking) {
			tag := a.iframe("/iframe.html")
			a.need(tag == a.iframe("/iframe.html"), "the tag changes from answer to answer")
			r := a.get(echo+"/iframe.html", "If-None-Match", tag).is(http.StatusNotModified, "")
			r.need(r.header.Get("Content-Type") == "", "304 with a type")
		}},
	}
}

// iframe wants the page of the protocol, and returns its tag.
func (a *asking) iframe(path string) (tag string) {
	const before = `<!DOCTYPE html>
<html>
<head>
  <meta http-equiv="X-UA-Compatible" content="IE=edge" />
  <meta http-equiv="Content-Type" content="text/html; charset=UTF-8" />
  <script src="`
	const after = `"></script>
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
	r := a.get(echo + path).has(http.StatusOK)
	r.mediaType("text/html;charset=UTF-8")
	r.cached()
	r.noCookie()
	r.need(r.header.Get("Last-Modified") == "", "the page has a date")
	body := strings.TrimSpace(r.body())
	script, ok := strings.CutPrefix(body, before)
	script, tail := strings.CutSuffix(script, after)
	r.need(ok && tail && !strings.Contains(script, `"`), "not the page of the protocol: %.400q", body)
	r.need(strings.HasPrefix(script, "/") || strings.HasPrefix(script, "http"), "the page loads %q", script)
	tag = r.header.Get("ETag")
	r.need(tag != "", "no ETag")
	return tag
}
