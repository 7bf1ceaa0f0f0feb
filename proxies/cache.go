package proxies

import (
	"bytes"
	"io"
	"net/http"
	"slices"
	"strconv"
	"sync"
	"time"
)

func cacheFault() Fault {
	return Fault{
		Name:     "cache",
		Means:    "A complete answer to a GET is kept, and given to whoever asks for the same URL before it is too old: a recording instead of the stream.",
		Source:   "bunny.net/docs/cdn/server-sent-events (one month without Cache-Control; clients loop on a recording)",
		Provokes: []Provoke{{"cached", "cache(ttl=60s,cache-control=ignore)"}},
		Params: []Param{
			{Name: "ttl", Type: Duration, Time: Wire, Default: "60s", Main: true, Means: "how long an answer is kept"},
			{Name: "cache-control", Type: Word, Words: []string{"obey", "ignore"}, Default: "obey", Means: "whether no-store, no-cache, private and max-age=0 keep an answer out"},
			{Name: "max", Type: Bytes, Default: "64M", Means: "how much is kept in all; the oldest goes first, and an answer that is larger is not kept"},
		},
		Early: true,
		New: func(a Args) (Hooks, error) {
			if a.Number("max") > maxHeld {
				return Hooks{}, errTooMuch
			}
			c := &store{ttl: a.Duration("ttl"), obey: a.Text("cache-control") == "obey", max: int(a.Number("max"))}
			return Hooks{Upstream: func(next http.RoundTripper) http.RoundTripper {
				return tripperFunc(func(r *http.Request) (*http.Response, error) {
					key, ok := sharedKey(r)
					if !ok {
						return next.RoundTrip(r)
					}
					if resp := c.find(key, r); resp != nil {
						return resp, nil
					}
					resp, err := next.RoundTrip(r)
					if err == nil && c.takes(resp) {
						resp.Body = &recordedBody{ReadCloser: resp.Body, header: resp.Header.Clone(), key: key, store: c}
					}
					return resp, err
				})
			}}, nil
		},
	}
}

// sharedKey is what tells requests apart whose answers may be shared; false
// when those to r may not.
func sharedKey(r *http.Request) (string, bool) {
	return r.Host + " " + r.URL.RequestURI(), r.Method == http.MethodGet && r.Body == nil && upgradeOf(r.Header) == "" && r.Header.Get("Range") == ""
}

// store keeps answers, the oldest first.
type store struct {
	ttl  time.Duration
	obey bool
	max  int // bytes in all

	mu   sync.Mutex
	kept []kept
	size int
}

type kept struct {
	key    string
	since  time.Time
	header http.Header
	body   []byte
}

// entrySize stands for what an entry takes besides its body.
const entrySize = 1 << 10

func (k kept) size() int { return len(k.body) + entrySize }

func (s *store) takes(resp *http.Response) bool {
	if resp.StatusCode != http.StatusOK {
		return false
	}
	if !s.obey {
		return true
	}
	for _, word := range []string{"no-store", "no-cache", "private", "max-age=0"} {
		if hasToken(resp.Header["Cache-Control"], word) {
			return false
		}
	}
	return true
}

// find returns the kept answer for key, nil if there is none.
func (s *store) find(key string, r *http.Request) *http.Response {
	s.mu.Lock()
	defer s.mu.Unlock()
	i := slices.IndexFunc(s.kept, func(k kept) bool { return k.key == key })
	if i < 0 {
		return nil
	}
	k := s.kept[i]
	age := time.Since(k.since)
	if age >= s.ttl {
		s.drop(i)
		return nil
	}
	header := k.header.Clone()
	header.Set("Age", strconv.Itoa(int(age/time.Second)))
	header.Set("Content-Length", strconv.Itoa(len(k.body)))
	return &http.Response{
		Status: "200 OK", StatusCode: http.StatusOK,
		Proto: "HTTP/1.1", ProtoMajor: 1, ProtoMinor: 1,
		Header: header, ContentLength: int64(len(k.body)),
		Body: io.NopCloser(bytes.NewReader(k.body)), Request: r,
	}
}

func (s *store) keep(k kept) {
	s.mu.Lock()
	defer s.mu.Unlock()
	if i := slices.IndexFunc(s.kept, func(old kept) bool { return old.key == k.key }); i >= 0 {
		s.drop(i)
	}
	for len(s.kept) > 0 && s.size+k.size() > s.max {
		s.drop(0)
	}
	if k.size() <= s.max {
		s.kept = append(s.kept, k)
		s.size += k.size()
	}
}

func (s *store) drop(i int) {
	s.size -= s.kept[i].size()
	s.kept = slices.Delete(s.kept, i, i+1)
}

// recordedBody keeps what it passes, and stores it after a proper end.
type recordedBody struct {
	io.ReadCloser
	header http.Header
	key    string
	store  *store
	body   []byte
	over   bool // too large, or stored
}

func (b *recordedBody) Read(p []byte) (int, error) {
	n, err := b.ReadCloser.Read(p)
	if b.over {
		return n, err
	}
	b.body = append(b.body, p[:n]...)
	if len(b.body) > b.store.max {
		b.body, b.over = nil, true
	}
	if err == io.EOF && !b.over {
		b.over = true
		b.store.keep(kept{key: b.key, since: time.Now(), header: b.header, body: b.body})
	}
	return n, err
}
