package reference

import (
	"net/http"
	"strings"
)

// habits are what a technique's head has unless the options say otherwise.
type habits struct {
	media   string // with its own parameters, if any
	charset bool   // add charset=utf-8
	nosniff bool
}

// newHead is the head of a 200 answer by one technique's habits and one
// request's options.
func newHead(p *Params, h habits) Head {
	media := h.media
	if p.Type != "" {
		media = p.Type
	}
	if (p.Charset == "utf-8" || (p.Charset == "" && h.charset)) && !strings.Contains(strings.ToLower(media), "charset=") {
		media += "; charset=utf-8"
	}
	header := http.Header{"Content-Type": {media}, "Cache-Control": {"no-store"}}
	if p.NoTransform {
		header.Set("Cache-Control", "no-store, no-transform")
	}
	if p.Nosniff == "1" || (p.Nosniff == "" && h.nosniff) {
		header.Set("X-Content-Type-Options", "nosniff")
	}
	if p.AccelOff {
		header.Set("X-Accel-Buffering", "no")
	}
	return Head{Status: http.StatusOK, Header: header}
}
