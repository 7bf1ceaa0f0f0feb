package reference

import (
	"errors"
	"net/http"

	"github.com/cometbench/cometbench/reference/sockjs"
)

// sockjsReceipt writes one receiving request of a session down, as the other
// techniques' requests are.
type sockjsReceipt struct{ sub *Subscription }

// watchSockJS is told of a receiving request. Each of them may ask for an echo,
// as those of other techniques do.
func (s *Server) watchSockJS(w http.ResponseWriter, r *http.Request, transport string) sockjs.Receipt {
	q := r.URL.Query()
	channel, err := channelOf(q)
	if err != nil || s.record == nil {
		return nil
	}
	name := sockjsTechniqueOf[transport]
	sub := &Subscription{
		Channel: channel, Technique: name, Conn: connNumber(r), Number: s.record.number(channel),
		hub: s.hub, peer: newPeer(r, name, q.Get("nonce")),
	}
	if q.Get("echo") == "1" {
		sub.echo(w, r)
	}
	return sockjsReceipt{sub}
}

// Accepted implements sockjs.Receipt.
func (r sockjsReceipt) Accepted(status int) { r.sub.accepted(status) }

// Refused implements sockjs.Receipt.
func (r sockjsReceipt) Refused(status int, why string) { r.sub.refused(status, errors.New(why)) }

// Sent implements sockjs.Receipt. Notices have no id and are no messages.
func (r sockjsReceipt) Sent(m sockjs.Message, n int) {
	if m.ID != "" {
		r.sub.note(recordEvent{Kind: kindWrite, ID: m.ID, Bytes: n})
	}
}

// Heartbeat implements sockjs.Receipt.
func (r sockjsReceipt) Heartbeat(n int) { r.sub.note(recordEvent{Kind: kindHeartbeat, Bytes: n}) }

// Ended implements sockjs.Receipt.
func (r sockjsReceipt) Ended(reason string) { r.sub.ended(reason) }

// Aborted implements sockjs.Receipt.
func (r sockjsReceipt) Aborted(how string) { r.sub.aborted(how) }

var _ sockjs.Receipt = sockjsReceipt{}
