package bayeux

import (
	"crypto/rand"
	"net/http"
	"strings"
)

// BrowserCookie tells one browser's requests from another's. A session belongs
// to the browser that shook hands for it.
const BrowserCookie = "BAYEUX_BROWSER"

const maxBrowser = 64 // bytes of a cookie's value

// browserOf is the request's cookie, "" without a usable one.
func browserOf(r *http.Request) string {
	c, err := r.Cookie(BrowserCookie)
	if err != nil || c.Value == "" || len(c.Value) > maxBrowser {
		return ""
	}
	return c.Value
}

func newBrowser() string { return strings.ToLower(rand.Text()) }

// setBrowser gives the browser its cookie. Pages of other sites need it as
// well, which only secure connections allow.
func setBrowser(w http.ResponseWriter, r *http.Request, value string) {
	c := &http.Cookie{Name: BrowserCookie, Value: value, Path: "/", HttpOnly: true}
	if r.TLS != nil {
		c.Secure, c.SameSite = true, http.SameSiteNoneMode
	}
	http.SetCookie(w, c)
}
