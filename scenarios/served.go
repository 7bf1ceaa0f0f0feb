package scenarios

import (
	"bytes"
	"context"
	"crypto/tls"
	"crypto/x509"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net/http"
	"net/url"
	"strconv"
	"strings"
	"time"

	"github.com/cometbench/cometbench/internal/child"
	"github.com/cometbench/cometbench/scenarios/measure"
)

// served is an origin that runs `cometbench serve` somewhere: it is talked to
// over its own HTTP paths, directly.
type served struct {
	url   *url.URL // where paths lead to
	token string
	roots []byte
	http  *http.Client
	clock measure.Clock
	close func() error                                                     // nil when it was not started here
	kill  func() error                                                     // ends it without its knowing; nil when it was not started here
	spawn func(ctx context.Context, listen, epoch string) (*served, error) // starts another of its kind; nil when nobody can
	usage func() (child.Usage, error)                                      // nil when it is no process of ours
}

// Usage is what the origin's process uses. It fails for an origin that is not
// a child process.
func (o *served) Usage() (child.Usage, error) {
	if o.usage == nil {
		return child.Usage{}, child.ErrNoUsage
	}
	return o.usage()
}

// Remote is a `cometbench serve` that somebody else started. It answers an
// error when nothing answers there or when the token is wrong, and measures
// the distance of its clock.
func Remote(ctx context.Context, rawURL, token string) (Origin, error) {
	u, err := url.Parse(rawURL)
	if err != nil || u.Host == "" || (u.Scheme != "http" && u.Scheme != "https") {
		return nil, fmt.Errorf("origin %q: want http://host:port", rawURL)
	}
	o := newServed(u, token)
	o.clock.ID = "origin"
	if err := o.syncClock(ctx); err != nil {
		return nil, fmt.Errorf("origin %s: %w", rawURL, err)
	}
	return o, nil
}

func newServed(u *url.URL, token string) *served {
	return &served{
		url: u, token: token, clock: measure.Clock{ID: "c1"},
		// Control traffic never takes a proxy from the environment: it must
		// not go through the path under test.
		http: &http.Client{Transport: &http.Transport{MaxIdleConnsPerHost: 64, IdleConnTimeout: 30 * time.Second}},
	}
}

// trust makes control requests trust an authority besides the system's.
func (o *served) trust(pem []byte) error {
	if len(pem) == 0 {
		return nil
	}
	pool := x509.NewCertPool()
	if !pool.AppendCertsFromPEM(pem) {
		return errors.New("its certificates cannot be read")
	}
	o.roots = pem
	o.http.Transport.(*http.Transport).TLSClientConfig = &tls.Config{RootCAs: pool, MinVersion: tls.VersionTLS12}
	return nil
}

func (o *served) URL() *url.URL        { return o.url }
func (o *served) Roots() []byte        { return o.roots }
func (o *served) Clock() measure.Clock { return o.clock }
func (o *served) Can() Needs           { return Needs{Publish: true, Record: true, Options: true, Resume: true} }

func (o *served) Close() error {
	o.http.CloseIdleConnections()
	if o.close == nil {
		return nil
	}
	return o.close()
}

func (o *served) Publish(ctx context.Context, channel string, due time.Time, contentType string, body []byte) (string, error) {
	q := url.Values{"channel": {channel}, "due_us": {strconv.FormatInt(due.UnixMicro(), 10)}}
	var answer struct {
		ID string `json:"id"`
	}
	if err := o.do(ctx, http.MethodPost, "/publish", q, contentType, body, &answer); err != nil {
		return "", fmt.Errorf("publish: %w", err)
	}
	return answer.ID, nil
}

func (o *served) Terminate(ctx context.Context, channel string) error {
	if err := o.do(ctx, http.MethodDelete, "/publish", url.Values{"channel": {channel}}, "", nil, nil); err != nil {
		return fmt.Errorf("terminate: %w", err)
	}
	return nil
}

func (o *served) Record(ctx context.Context, channel string, since int, wait time.Duration) ([]measure.Event, int, error) {
	q := url.Values{"since": {strconv.Itoa(since)}, "wait": {wait.String()}}
	var page struct {
		Next   int             `json:"next"`
		Events []measure.Event `json:"events"`
	}
	if err := o.do(ctx, http.MethodGet, "/record/"+url.PathEscape(channel), q, "", nil, &page); err != nil {
		return nil, since, fmt.Errorf("read origin's record: %w", err)
	}
	for i := range page.Events {
		page.Events[i].Clock = o.clock.ID
		page.Events[i].T += o.clock.OffsetUS
	}
	return page.Events, page.Next, nil
}

// probe asks the origin an ordinary question, directly.
func (o *served) probe(ctx context.Context) error {
	return o.do(ctx, http.MethodGet, "/healthz", nil, "", nil, nil)
}

// syncClock takes the best of several round trips as the clock's offset; half
// its round trip is the bound.
func (o *served) syncClock(ctx context.Context) error {
	best := time.Duration(-1)
	for range 5 {
		var page struct {
			NowUS int64 `json:"now_us"`
		}
		sent := time.Now()
		if err := o.do(ctx, http.MethodGet, "/record/clock", nil, "", nil, &page); err != nil {
			return err
		}
		trip := time.Since(sent)
		if best < 0 || trip < best {
			best = trip
			o.clock.OffsetUS = sent.Add(trip/2).UnixMicro() - page.NowUS
			o.clock.BoundUS = (trip / 2).Microseconds()
		}
	}
	return nil
}

func (o *served) do(ctx context.Context, method, path string, q url.Values, contentType string, body []byte, answer any) error {
	u := *o.url
	u.Path, u.RawPath = "", ""
	req, err := http.NewRequestWithContext(ctx, method, strings.TrimSuffix(u.String(), "/")+path+"?"+q.Encode(), bytes.NewReader(body))
	if err != nil {
		return err
	}
	if contentType != "" {
		req.Header.Set("Content-Type", contentType)
	}
	if o.token != "" {
		req.Header.Set("Authorization", "Bearer "+o.token)
	}
	resp, err := o.http.Do(req)
	if err != nil {
		return err
	}
	defer resp.Body.Close()
	b, err := io.ReadAll(io.LimitReader(resp.Body, 64<<20))
	if err != nil {
		return err
	}
	if resp.StatusCode >= 300 {
		return fmt.Errorf("%s %s: %s: %.200s", method, path, resp.Status, strings.TrimSpace(string(b)))
	}
	if answer == nil {
		return nil
	}
	if err := json.Unmarshal(b, answer); err != nil {
		return fmt.Errorf("%s %s: not what a cometbench server answers: %w", method, path, err)
	}
	return nil
}
