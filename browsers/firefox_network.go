package browsers

import (
	"encoding/json"
	"net/http"
	"strconv"
	"strings"
	"sync"

	"github.com/cometbench/cometbench/scenarios/measure"
)

// firefoxNetwork turns network events of WebDriver BiDi, as Firefox fills them
// in, into those of wire.go.
type firefoxNetwork struct {
	proxied bool

	mu    sync.Mutex
	conns int
}

func newFirefoxNetwork(proxied bool) *firefoxNetwork { return &firefoxNetwork{proxied: proxied} }

// bidiHeader is a field of a request or response.
type bidiHeader struct {
	Name  string `json:"name"`
	Value struct {
		Value string `json:"value"`
	} `json:"value"`
}

// bidiExchange is what the events of one request tell. Times are milliseconds
// since the Unix epoch, 0 for what did not happen.
type bidiExchange struct {
	RedirectCount int `json:"redirectCount"`
	Request       struct {
		ID          string       `json:"request"`
		URL         string       `json:"url"`
		Destination string       `json:"destination"`
		Headers     []bidiHeader `json:"headers"`
		Timings     struct {
			RequestTime   float64 `json:"requestTime"`
			ConnectEnd    float64 `json:"connectEnd"`
			TLSEnd        float64 `json:"tlsEnd"`
			ResponseStart float64 `json:"responseStart"`
		} `json:"timings"`
	} `json:"request"`
	Response struct {
		Protocol string       `json:"protocol"`
		Status   int          `json:"status"`
		Headers  []bidiHeader `json:"headers"`
	} `json:"response"`
	ErrorText string `json:"errorText"`
}

func (n *firefoxNetwork) take(method string, params json.RawMessage, put func(any)) {
	var ev bidiExchange
	if json.Unmarshal(params, &ev) != nil {
		return
	}
	id := ev.Request.ID
	socket := strings.EqualFold(field(ev.Request.Headers, "Upgrade"), "websocket")
	switch method {
	case "network.beforeRequestSent":
		put(asked{id: id, url: ev.Request.URL, document: ev.Request.Destination == "document", socket: socket})
	case "network.responseStarted":
		put(n.answer(ev, socket))
	case "network.responseCompleted":
		put(ended{id: id, kind: measure.EndClean})
	case "network.fetchError":
		put(ended{id: id, text: ev.ErrorText, kind: firefoxEnd(ev.ErrorText)})
	}
}

// answer is a response head. The events tell when a connection was made for
// a request and not which one it is: a request without a connection of its own
// is counted to the last one made.
func (n *firefoxNetwork) answer(ev bidiExchange, socket bool) answered {
	n.mu.Lock()
	defer n.mu.Unlock()
	t := ev.Request.Timings
	a := answered{
		id: ev.Request.ID, at: int64(t.ResponseStart * 1000), status: ev.Response.Status, http: httpVersion(ev.Response.Protocol),
		contentType: field(ev.Response.Headers, "Content-Type"), encoding: field(ev.Response.Headers, "Content-Encoding"),
		redirect: ev.Response.Status >= 300 && ev.Response.Status < 400 && ev.Response.Status != http.StatusNotModified,
	}
	a.connected = int64(max(t.ConnectEnd, t.TLSEnd) * 1000)
	switch {
	case a.connected != 0 || socket:
		n.conns++
	case n.conns == 0: // made for the page, or through a proxy, where it never tells
		n.conns++
		a.connected, a.reused = int64(t.RequestTime*1000), !n.proxied
	}
	if a.connected == 0 {
		a.connected = int64(t.RequestTime * 1000)
	}
	a.conn = strconv.Itoa(n.conns)
	return a
}

// field finds a header field, "" when it is not there.
func field(headers []bidiHeader, name string) string {
	for _, h := range headers {
		if strings.EqualFold(h.Name, name) {
			return h.Value.Value
		}
	}
	return ""
}

// firefoxEnd says how the wire ended, by the browser's name for the error. ""
// where it does not tell.
func firefoxEnd(text string) measure.EndKind {
	switch text {
	case "":
		return measure.EndClean
	case "NS_ERROR_NET_PARTIAL_TRANSFER", "NS_ERROR_NET_EMPTY_RESPONSE":
		return measure.EndFIN
	case "NS_ERROR_NET_RESET", "NS_ERROR_NET_INTERRUPT", "NS_ERROR_NET_HTTP2_SENT_GOAWAY":
		return measure.EndRST
	case "NS_ERROR_NET_TIMEOUT", "NS_ERROR_NET_TIMEOUT_EXTERNAL":
		return measure.EndSilence
	}
	return ""
}
