package app

import (
	"fmt"
	"net/http"
	"slices"
	"strings"
	"time"

	"github.com/cometbench/cometbench/scenarios/clients"
	"github.com/cometbench/cometbench/scenarios/measure"
)

// Explain says why an endpoint cannot be measured, judged by what a client saw
// of it without any proxy, or returns nil. The text is one line and says what
// to do.
func (s *Spec) Explain(client []measure.Event) error {
	name := s.Name()
	var notes []string
	status, contentType, location := 0, "", ""
	messages := 0
	for _, e := range client {
		switch e.Kind {
		case measure.Headers:
			status, contentType = e.Status, s.Redact(e.ContentType)
		case measure.Received:
			messages++
		case measure.Failed:
			notes = append(notes, e.Note)
			if _, to, ok := strings.Cut(e.Note, ": to "); ok && e.Status/100 == 3 {
				location = to
			}
		}
	}
	said := ""
	if len(notes) > 0 {
		said = s.Redact(notes[0])
	}
	wait := time.Duration(s.Duration)
	switch {
	case messages > 0:
		return nil
	case status == 0 && said != "":
		return fmt.Errorf("%s cannot be asked: %.200s", name, said)
	case status == 0:
		return fmt.Errorf("%s takes the request and does not answer within %s; give it longer with duration:, or look whether it waits for a body (method, body)", name, wait)
	case status/100 == 3:
		return fmt.Errorf("%s redirects (status %d) to %s; name the address it leads to as url, or give what it asks for under headers or cookies", name, status, orNowhere(RedactURL(s.Redact(location))))
	case slices.Contains([]int{http.StatusUnauthorized, http.StatusForbidden, http.StatusProxyAuthRequired}, status):
		return fmt.Errorf("%s wants credentials (status %d); give them under headers or cookies, as Authorization: Bearer ${TOKEN}", name, status)
	case status == http.StatusUpgradeRequired && s.Framing != measure.FramingWebSocket:
		return fmt.Errorf("%s wants a websocket (status %d); say framing: websocket", name, status)
	case status >= 400 || status == http.StatusNoContent:
		return fmt.Errorf("%s answers status %d; look at url, method and body (%.160s)", name, status, said)
	case isHTML(contentType, said) && s.Framing != measure.FramingRaw:
		return fmt.Errorf("%s answers with an HTML page, not a stream; if it is a login page, give credentials under headers or cookies (%.160s)", name, said)
	case strings.Contains(said, "too long"):
		return fmt.Errorf("%s sends more than a message may have without a delimiter of framing %s; say another framing, or framing: raw (%.160s)", name, s.framingOf(contentType), said)
	case said != "":
		return fmt.Errorf("%s claims %s, and what it sends is not framing %s: %.200s; say framing: %s", name, orNothing(contentType), s.framingOf(contentType), said, strings.Join(measure.Framings(), ", "))
	case slices.ContainsFunc(client, func(e measure.Event) bool { return e.Kind == measure.End }):
		return fmt.Errorf("%s answers status %d (%s) and ends without a single message of framing %s; look at method and body, or say another framing", name, status, orNothing(contentType), s.framingOf(contentType))
	}
	return fmt.Errorf("%s answers status %d (%s) and sends no message within %s; give it longer with duration:, or say another framing than %s", name, status, orNothing(contentType), wait, s.framingOf(contentType))
}

func isHTML(contentType, said string) bool {
	return strings.HasPrefix(strings.ToLower(contentType), "text/html") || strings.Contains(strings.ToLower(said), "<!doctype html") || strings.Contains(strings.ToLower(said), "<html")
}

func (s *Spec) framingOf(contentType string) string {
	if s.Framing != "" {
		return s.Framing
	}
	if f := clients.FramingOf(contentType); f != "" {
		return f
	}
	return "any kind"
}

func orNothing(contentType string) string {
	if contentType == "" {
		return "no type"
	}
	return contentType
}

func orNowhere(location string) string {
	if location == "" {
		return "nowhere"
	}
	return location
}
