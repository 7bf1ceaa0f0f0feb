package reference

import (
	"encoding/json"
	"net/http"
	"net/url"
	"strconv"
	"strings"
	"time"
	"unicode/utf8"
)

// recordWait is the longest that a request for the record is held.
const recordWait = 60 * time.Second

// recordPage is the answer of /record/CHANNEL.
type recordPage struct {
	NowUS       int64         `json:"now_us"` // Unix microseconds, for setting clocks against each other
	Epoch       string        `json:"epoch"`
	Subscribers int           `json:"subscribers"` // of this channel, now
	Next        int           `json:"next"`        // since of the next request
	Dropped     int           `json:"dropped,omitempty"`
	Events      []recordEvent `json:"events"`
}

// serveRecord answers /record/CHANNEL?since=N&wait=D with the events from
// index N on, held until there is one or D is over.
func (s *Server) serveRecord(w http.ResponseWriter, r *http.Request) {
	if !allowMethods(w, r, http.MethodGet) {
		return
	}
	if s.record == nil {
		fail(w, http.StatusNotFound, "this server keeps no record")
		return
	}
	channel, err := url.PathUnescape(strings.TrimPrefix(r.URL.EscapedPath(), "/record/"))
	if err != nil || channel == "" || len(channel) > maxChannelName || !utf8.ValidString(channel) {
		fail(w, http.StatusBadRequest, "want /record/CHANNEL")
		return
	}
	q := r.URL.Query()
	since, err := strconv.Atoi(q.Get("since"))
	if q.Get("since") != "" && (err != nil || since < 0) {
		fail(w, http.StatusBadRequest, "since: want an index")
		return
	}
	wait, err := time.ParseDuration(q.Get("wait"))
	if q.Get("wait") != "" && (err != nil || wait < 0) {
		fail(w, http.StatusBadRequest, "wait: want a duration such as 2s")
		return
	}
	page := s.recordPage(r, channel, since, min(wait, recordWait))
	w.Header().Set("Content-Type", "application/json")
	w.Header().Set("Cache-Control", "no-store")
	_ = json.NewEncoder(w).Encode(page) // the reader may be gone
}

func (s *Server) recordPage(r *http.Request, channel string, since int, wait time.Duration) recordPage {
	timer := time.NewTimer(wait)
	defer timer.Stop()
	for waiting := wait > 0; ; {
		events, dropped, news := s.record.since(channel, since)
		if len(events) > 0 || !waiting {
			if events == nil {
				events = []recordEvent{}
			}
			return recordPage{
				NowUS: s.hub.nowUS(), Epoch: s.hub.log.Epoch(), Subscribers: s.hub.Subscribers(channel),
				Next: since + len(events), Dropped: dropped, Events: events,
			}
		}
		select {
		case <-news:
		case <-timer.C:
			waiting = false
		case <-r.Context().Done():
			waiting = false
		case <-s.draining:
			waiting = false
		}
	}
}
