package visits

import (
	"encoding/json"
	"errors"
	"net/http"
	"strings"
	"time"
)

// Paths of the page's words. Each is posted to or, where no POST passes, asked
// with GET.
const (
	pingPath  = "/self-test/ping"  // answers with the time
	beginPath = "/self-test/begin" // beginning -> key and name of the visit
	visitPath = "/self-test/visit/"
)

// serveTalk answers what the page says while a visit lasts.
func (v *Visits) serveTalk(w http.ResponseWriter, r *http.Request) {
	if !ownWords(w, r) || !allow(w, r, http.MethodPost, http.MethodGet) {
		return
	}
	switch key, isVisit := strings.CutPrefix(r.URL.Path, visitPath); {
	case r.URL.Path == pingPath:
		writeJSON(w, reply{})
	case r.URL.Path == beginPath:
		v.serveBegin(w, r)
	case isVisit:
		v.serveVisit(w, r, key)
	default:
		refuse(w, http.StatusNotFound, "no such path; open /self-test")
	}
}

func (v *Visits) serveBegin(w http.ResponseWriter, r *http.Request) {
	var b beginning
	if err := words(w, r, &b); err != nil {
		refuse(w, http.StatusBadRequest, err.Error())
		return
	}
	b.bound()
	n, err := v.begin(b, visitorOf(r))
	if errors.Is(err, errFull) {
		w.Header().Set("Retry-After", "60")
		refuse(w, http.StatusServiceUnavailable, err.Error())
		return
	}
	if err != nil {
		refuse(w, http.StatusInternalServerError, "the server cannot write down what would be measured")
		return
	}
	writeJSON(w, reply{Key: n.key, Name: n.name})
}

func (v *Visits) serveVisit(w http.ResponseWriter, r *http.Request, key string) {
	n := v.find(key)
	if n == nil {
		refuse(w, http.StatusNotFound, "this visit is over or never was; reload the page to begin another")
		return
	}
	var said report
	err := words(w, r, &said)
	if err == nil {
		err = said.check()
	}
	if err != nil {
		refuse(w, http.StatusBadRequest, err.Error())
		return
	}
	n.page.hear(said.Seq, said.Events, said.Done)
	cells, total, advice := n.state(said.Have)
	writeJSON(w, reply{Seq: said.Seq, Orders: n.page.works(), Cells: cells, Advice: advice})
	if advice != nil && said.Have >= total { // it has asked once more, knowing all
		n.once.Do(func() { close(n.told) })
	}
}

// ownWords refuses what another site's page sends. Browsers say so themselves,
// wherever they take the connection for trustworthy; the reference server's
// answers are readable for everybody otherwise, being what is tested.
func ownWords(w http.ResponseWriter, r *http.Request) bool {
	w.Header().Del("Access-Control-Allow-Origin")
	if s := r.Header.Get("Sec-Fetch-Site"); s == "cross-site" || s == "same-site" {
		refuse(w, http.StatusForbidden, "this is for the page of this server alone")
		return false
	}
	return true
}

func allow(w http.ResponseWriter, r *http.Request, methods ...string) bool {
	for _, m := range methods {
		if r.Method == m {
			return true
		}
	}
	w.Header().Set("Allow", strings.Join(methods, ", "))
	refuse(w, http.StatusMethodNotAllowed, "want "+strings.Join(methods, " or "))
	return false
}

// refuse answers with one line.
func refuse(w http.ResponseWriter, status int, line string) {
	private(w.Header(), "text/plain; charset=utf-8")
	w.WriteHeader(status)
	_, _ = w.Write([]byte(line + "\n")) // the peer may be gone
}

func writeJSON(w http.ResponseWriter, r reply) {
	if r.Orders == nil {
		r.Orders = []work{}
	}
	if r.Cells == nil {
		r.Cells = []cellNews{}
	}
	r.Now = time.Now().UnixMicro()
	private(w.Header(), "application/json")
	_ = json.NewEncoder(w).Encode(r) // the peer may be gone
}

// private sets the headers of everything that is served here: nobody on the
// way keeps or alters it.
func private(h http.Header, contentType string) {
	h.Set("Content-Type", contentType)
	h.Set("Cache-Control", "no-store, no-transform")
	h.Set("X-Content-Type-Options", "nosniff")
	h.Set("Referrer-Policy", "no-referrer")
}
