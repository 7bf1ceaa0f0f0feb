package reference

import (
	"fmt"
	"net/url"
	"strconv"
	"time"
)

// Bounds of what one completion may ask for.
const (
	defaultTokens = 64
	maxTokens     = 65536
	minTokenRate  = 0.1    // a second
	maxTokenRate  = 10_000 // a second
)

// The ways of cutting a completion short.
const (
	cutFIN   = "fin"   // the connection closes in the middle of the body
	cutRST   = "rst"   // it is reset
	cutClean = "clean" // the body ends as if that were all of it
)

// The moments at which the head of a streamed completion goes out.
const (
	headEarly = "early" // at once
	headLate  = "late"  // with the first token
)

// completionParams are the parsed options of one request to the stand-in
// model; completionOptions documents each.
type completionParams struct {
	Tokens      int
	Rate        float64 // tokens a second, 0 varies
	Seed        int64
	First       time.Duration
	Head        string
	Heartbeat   time.Duration
	Cut         int // tokens, 0 is never
	CutBy       string
	Gzip        bool
	Flush       bool
	AccelOff    bool
	NoTransform bool
	Nonce       string
}

func defaultCompletionParams() completionParams {
	return completionParams{Tokens: defaultTokens, Head: headEarly, CutBy: cutFIN, Flush: true}
}

// completionOption is a row of the closed table of the stand-in model's
// options.
type completionOption struct {
	Name, Value, Default, Summary string // as in Option

	set func(*completionParams, string) error
}

func completionOptions() []completionOption {
	type params = completionParams
	return []completionOption{
		{"tokens", "count", strconv.Itoa(defaultTokens), "Length of the completion; a smaller max_tokens in the request ends it earlier, with finish_reason length.", setInt(maxTokens, func(p *params) *int { return &p.Tokens })},
		{"rate", "tokens a second", "", "How fast tokens come; without it each gap is drawn anew, 10 to 50 ms.", setTokenRate},
		{"seed", "number", "0", "Which text, and which gaps; 0 is the seed of the request's body, or 1.", setInt64(0, 1<<62, func(p *params) *int64 { return &p.Seed })},
		{"first", "duration", "0", "Delay of the first token.", setDuration(func(p *params) *span { return &p.First })},
		{"head", "early|late", headEarly, "Whether the head of a stream goes out at once or with the first token.", setWord(func(p *params) *string { return &p.Head }, headEarly, headLate)},
		{"heartbeat", "duration", "0", "Silence on a stream after which a comment line is sent; 0 sends none.", setDuration(func(p *params) *span { return &p.Heartbeat })},
		{"cut", "tokens", "0", "Break the stream off behind so many tokens; 0 is never.", setInt(maxTokens, func(p *params) *int { return &p.Cut })},
		{"cut_by", "fin|rst|clean", cutFIN, "How: close the connection in the middle of the body, reset it (what the kernel still holds is lost), or end the body as if that were all. Over HTTP/2 and 3 the first two reset the request's stream, in QUIC at the cost of what was not read yet.", setWord(func(p *params) *string { return &p.CutBy }, cutFIN, cutRST, cutClean)},
		{"compress", "gzip", "", "Compress the body if the request accepts it.", setFlag(func(p *params) *bool { return &p.Gzip }, "gzip", "")},
		{"flush", "0|1", "1", "Whether each chunk of a stream is flushed.", setFlag(func(p *params) *bool { return &p.Flush }, "1", "0")},
		{"accel", "no", "", "Send X-Accel-Buffering: no.", setFlag(func(p *params) *bool { return &p.AccelOff }, "no", "")},
		{"no_transform", "0|1", "0", "Send Cache-Control: no-transform.", setFlag(func(p *params) *bool { return &p.NoTransform }, "1", "0")},
		{"nonce", "text", "", "Ignored; it makes a URL unique.", setText(func(p *params) *string { return &p.Nonce })},
	}
}

// parseCompletionParams parses the query of a request to the stand-in model.
// The error is as that of ParseParams.
func parseCompletionParams(query url.Values) (completionParams, error) {
	p, table := defaultCompletionParams(), completionOptions()
	names := make([]string, len(table))
	for i, o := range table {
		names[i] = o.Name
	}
	err := parseOptions(query, []string{"token"}, names, func(i int, value string) error { return table[i].set(&p, value) })
	if err != nil {
		return completionParams{}, err
	}
	return p, nil
}

func setTokenRate(p *completionParams, s string) error {
	rate, err := strconv.ParseFloat(s, 64)
	if err != nil || !(rate >= minTokenRate && rate <= maxTokenRate) { // NaN is outside of any bounds
		return fmt.Errorf("want a number from %v to %v", minTokenRate, maxTokenRate)
	}
	p.Rate = rate
	return nil
}
