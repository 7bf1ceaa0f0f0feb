package sockjs

import (
	"net/http"
	"strings"
	"time"
)

const (
	textType  = "text/plain; charset=UTF-8"
	aYear     = 365 * 24 * time.Hour
	aYearText = "31536000" // seconds
	maxCookie = 4096       // bytes of a cookie's value
)

// neverCached keeps an answer out of caches, and proxies from changing it.
// Answers to POST have it too: iOS 6 kept those.
func neverCached(h http.Header) {
	h.Set("Cache-Control", "no-store, no-cache, no-transform, must-revalidate, max-age=0")
}

func longCached(h http.Header) {
	h.Set("Cache-Control", "public, max-age="+aYearText)
	h.Set("Expires", time.Now().Add(aYear).UTC().Format(http.TimeFormat))
}

// crossOrigin lets pages of any origin read what next answers, with cookies
// where they have any, and answers preflight requests itself. The origin "null"
// is that of a page from a file, and is echoed like the others.
func (s *Service) crossOrigin(next http.HandlerFunc, method string) http.HandlerFunc {
	return func(w http.ResponseWriter, r *http.Request) {
		h := w.Header()
		if origin := r.Header.Get("Origin"); origin != "" {
			h.Set("Access-Control-Allow-Origin", origin)
			h.Set("Access-Control-Allow-Credentials", "true")
			h.Add("Vary", "Origin")
		} else {
			h.Set("Access-Control-Allow-Origin", "*")
		}
		if headers := r.Header.Get("Access-Control-Request-Headers"); headers != "" {
			h.Set("Access-Control-Allow-Headers", headers)
		}
		if r.Method != http.MethodOptions {
			next(w, r)
			return
		}
		longCached(h)
		h.Set("Access-Control-Max-Age", aYearText)
		h.Set("Access-Control-Allow-Methods", "OPTIONS, "+method)
		w.WriteHeader(http.StatusNoContent)
	}
}

// setCookie gives JSESSIONID back, or gives one: a balancer that knows the
// name keeps the requests of one browser with one server.
func setCookie(h http.Header, r *http.Request) {
	value := "dummy"
	if c, err := r.Cookie("JSESSIONID"); err == nil && c.Value != "" && len(c.Value) <= maxCookie {
		value = c.Value
	}
	h.Set("Set-Cookie", "JSESSIONID="+value+"; path=/")
}

// method answers 405 to other methods, without a type as without a body.
func (s *Service) method(next http.HandlerFunc, method string) http.HandlerFunc {
	return func(w http.ResponseWriter, r *http.Request) {
		if r.Method != method {
			notAllowed(w, method)
			return
		}
		next(w, r)
	}
}

func notAllowed(w http.ResponseWriter, methods ...string) {
	w.Header().Set("Allow", strings.Join(methods, ", "))
	w.WriteHeader(http.StatusMethodNotAllowed)
}

func notFound(w http.ResponseWriter) { fail(w, http.StatusNotFound, "404 not found") }

// fail answers with one line of text.
func fail(w http.ResponseWriter, status int, line string) {
	h := w.Header()
	h.Set("Content-Type", textType)
	h.Set("X-Content-Type-Options", "nosniff")
	neverCached(h)
	w.WriteHeader(status)
	_, _ = w.Write([]byte(line + "\n")) // the peer may be gone
}
