package visits

import (
	"net/http"
	"regexp"
	"strings"
)

// visitor is what a browser's requests tell of it and of its way. No address:
// whoever runs the server has an access log if that is wanted.
type visitor struct {
	agent string // User-Agent
	via   string // Via, by which proxies name themselves
}

func visitorOf(r *http.Request) visitor {
	return visitor{
		agent: plain(r.Header.Get("User-Agent"), 300),
		via:   plain(strings.Join(r.Header.Values("Via"), ", "), 200),
	}
}

// agents finds the name and the version in a User-Agent. The order matters:
// each browser claims to be those below it as well.
var agents = []struct {
	name string
	find *regexp.Regexp
}{
	{"edge", regexp.MustCompile(`\bEdg(?:e|A|iOS)?/(\d+)`)},
	{"opera", regexp.MustCompile(`\b(?:OPR|Opera)/(\d+)`)},
	{"samsung", regexp.MustCompile(`\bSamsungBrowser/(\d+)`)},
	{"firefox", regexp.MustCompile(`\b(?:Firefox|FxiOS)/(\d+)`)},
	{"chrome", regexp.MustCompile(`\b(?:HeadlessChrome|Chrome|CriOS)/(\d+)`)},
	{"android", regexp.MustCompile(`\bAndroid (\d+)`)},
	{"safari", regexp.MustCompile(`\bVersion/(\d+)[\d.]* (?:Mobile/\w+ )?Safari/`)},
	{"ie", regexp.MustCompile(`\bMSIE (\d+)`)},
	{"ie", regexp.MustCompile(`\bTrident/.*\brv:(\d+)`)},
}

// agentName is a browser's name and major version for a label, as chrome-156;
// "unknown" for one that is none of the usual ones.
func agentName(userAgent string) string {
	for _, a := range agents {
		if m := a.find.FindStringSubmatch(userAgent); m != nil {
			return a.name + "-" + m[1]
		}
	}
	return "unknown"
}
