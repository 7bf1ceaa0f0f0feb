package reference

import (
	"errors"
	"fmt"
	"net/url"
	"slices"
	"strings"

	"github.com/cometbench/cometbench/internal/nearest"
)

// Option is a row of the closed table of subscribe options.
type Option struct {
	Name    string // key in the query
	Value   string // what a value looks like
	Default string // "" when there is none
	Summary string // one sentence

	set func(*Params, string) error
}

// ErrOption is wrapped by the errors of ParseParams.
var ErrOption = errors.New("bad option")

// addressing are the query keys that say where, not how. They are known, so
// they are suggested for a near miss, and never options.
var addressing = []string{"channel", "token"}

// Options returns the closed table of WIRE.md, and nonce: anything at all,
// which the server ignores and keeps in its record, so that each URL can be
// told apart from every other.
func Options() []Option {
	return []Option{
		{"after", "EPOCH-SEQ", "", "Resume behind this message id; Last-Event-ID wins over it.", setAfter},
		{"heartbeat", "duration", "25s", "Silence after which a heartbeat is sent; 0 sends none.", setDuration(func(p *Params) *span { return &p.Heartbeat })},
		{"hello", "duration", "0", "How long after its head a stream says anything: until then nothing of the body is sent.", setDuration(func(p *Params) *span { return &p.Hello })},
		{"prelude", "bytes", "0", "Bytes to send once before anything else, the line end included.", setInt(maxPrelude, func(p *Params) *int { return &p.Prelude })},
		{"padding", "bytes", "0", "Least size of a message frame; spaces fill it up.", setInt(maxPadding, func(p *Params) *int { return &p.Padding })},
		{"recycle_bytes", "bytes", "65536", "Body bytes, prelude excepted, after which a stream ends; 0 is never.", setInt64(0, maxBytes, func(p *Params) *int64 { return &p.RecycleBytes })},
		{"recycle_after", "duration", "60s", "Age at which a stream ends; 0 is never.", setDuration(func(p *Params) *span { return &p.RecycleAfter })},
		{"hold", "duration", "25s", "How long a poll is held; 0 is for ever.", setDuration(func(p *Params) *span { return &p.Hold })},
		{"interval", "duration", "", "A hint to polling clients; the server does nothing with it.", setDuration(func(p *Params) *span { return &p.Interval })},
		{"retry", "duration", "1s", "When a client is to come back: the end notice's retry_ms and the event stream's retry.", setDuration(func(p *Params) *span { return &p.Retry })},
		{"close_after", "duration", "500ms", "early-close ends this long behind its first message; 0 is at once.", setDuration(func(p *Params) *span { return &p.CloseAfter })},
		{"length", "bytes", "50000000", "Content-Length that content-length-stream declares.", setInt64(minLength, maxBytes, func(p *Params) *int64 { return &p.Length })},
		{"limit", "messages", "0", "Messages after which a stream ends, and most messages in one poll; 0 is no limit.", setInt(maxLimit, func(p *Params) *int { return &p.Limit })},
		{"callback", "name", "", "Function that callback-poll and htmlfile call.", setCallback},
		{"subtype", "x-mixed-replace|mixed", "x-mixed-replace", "Subtype that multipart declares.", setWord(func(p *Params) *string { return &p.Subtype }, "x-mixed-replace", "mixed")},
		{"framing", "lines|binary", "lines", "How fetch-streaming parts messages: each on a line, or each behind its length in 4 bytes, big-endian, as application/octet-stream; controls likewise, and a frame of white space is no message.", setWord(func(p *Params) *string { return &p.Framing }, "lines", "binary")},
		{"type", "media type", "", "Content type instead of the technique's own.", setType},
		{"charset", "utf-8|none", "", "Charset in the content type instead of the technique's own habit.", setWord(func(p *Params) *string { return &p.Charset }, "utf-8", "none")},
		{"nosniff", "0|1", "", "Whether to send X-Content-Type-Options: nosniff, instead of the technique's own habit.", setWord(func(p *Params) *string { return &p.Nosniff }, "0", "1")},
		{"accel", "no", "", "Send X-Accel-Buffering: no.", setFlag(func(p *Params) *bool { return &p.AccelOff }, "no", "")},
		{"no_transform", "0|1", "0", "Send Cache-Control: no-transform.", setFlag(func(p *Params) *bool { return &p.NoTransform }, "1", "0")},
		{"compress", "gzip", "", "Compress the body if the request accepts it.", setFlag(func(p *Params) *bool { return &p.Gzip }, "gzip", "")},
		{"flush", "0|1", "1", "Whether each message is flushed.", setFlag(func(p *Params) *bool { return &p.Flush }, "1", "0")},
		{"slow", "disconnect|drop|wait", "disconnect", "What happens when more than 256 messages or 1 MB wait for the subscriber.", setSlow},
		{"echo", "0|1", "0", "Answer with a cookie and with the request's X-Cometbench-Probe as X-Cometbench-Echo, and write the names of the request's header fields down.", setFlag(func(p *Params) *bool { return &p.Echo }, "1", "0")},
		{"fail", "403|502|close|cut", "", "Fail instead of serving: with this status, by closing the connection unanswered, or by breaking off behind the first message of a stream, in the middle of a poll's answer.", setWord(func(p *Params) *string { return &p.Fail }, failForbidden, failBadGateway, failClose, failCut)},
		{"break", "messages", "0", "The message, counted from 1, in the middle of which a stream is broken off without an end notice; 0 is none.", setInt(maxLimit, func(p *Params) *int { return &p.Break })},
		{"status", "204|400-599", "", "Answer with this status instead of a subscription.", setStatus},
		{"interim", "duration", "0", "Pause between 102 answers while a poll is held, over HTTP/1.1 and later; 0 sends none.", setDuration(func(p *Params) *span { return &p.Interim })},
		{"keepalive", "duration", "0", "Silence after which TCP asks the peer of the connection whether it is there, and again as often; two questions without an answer end it. 0 leaves the system's; whole seconds count.", setDuration(func(p *Params) *span { return &p.KeepAlive })},
		{"user_timeout", "duration", "0", "How long sent bytes may go unacknowledged until TCP ends the connection (TCP_USER_TIMEOUT; Linux only); 0 leaves the system's.", setDuration(func(p *Params) *span { return &p.UserTimeout })},
		{"nonce", "text", "", "Ignored, and kept in the record; it makes a URL unique.", setText(func(p *Params) *string { return &p.Nonce })},
	}
}

// ParseParams parses the query of a subscribe request. The error wraps
// ErrOption and is one line that names the nearest known option or what a
// value looks like.
func ParseParams(query url.Values) (Params, error) {
	p, table := DefaultParams(), Options()
	names := make([]string, len(table))
	for i, o := range table {
		names[i] = o.Name
	}
	err := parseOptions(query, addressing, names, func(i int, value string) error { return table[i].set(&p, value) })
	if err != nil {
		return Params{}, err
	}
	return p, nil
}

// parseOptions hands each key of the query that is one of names to set, with
// its index there, and passes over those of elsewhere. The error is that of
// ParseParams.
func parseOptions(query url.Values, elsewhere, names []string, set func(i int, value string) error) error {
	for _, key := range sortedKeys(query) {
		if slices.Contains(elsewhere, key) {
			continue
		}
		i := slices.Index(names, key)
		if i < 0 {
			return unknownOption(key, slices.Concat(elsewhere, names))
		}
		if len(query[key]) != 1 {
			return fmt.Errorf("%w: %s is given %d times", ErrOption, key, len(query[key]))
		}
		if err := set(i, query[key][0]); err != nil {
			return fmt.Errorf("%w: %s=%.40q: %w", ErrOption, key, query[key][0], err)
		}
	}
	return nil
}

// unknownOption names the key and the nearest known one.
func unknownOption(key string, known []string) error {
	if near, ok := nearest.Name(key, known); ok {
		return fmt.Errorf("%w: %.40q is unknown, did you mean %s", ErrOption, key, near)
	}
	return fmt.Errorf("%w: %.40q is unknown, known are %s", ErrOption, key, strings.Join(known, " "))
}

func sortedKeys(query url.Values) []string {
	keys := make([]string, 0, len(query))
	for k := range query {
		keys = append(keys, k)
	}
	slices.Sort(keys) // so that the same request always gets the same complaint
	return keys
}
