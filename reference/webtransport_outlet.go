package reference

import (
	"time"

	"github.com/quic-go/webtransport-go"
)

// sessionAborted closes a session whose stream broke off; the other codes are
// those of a websocket (see closeCode).
const sessionAborted webtransport.SessionErrorCode = 1011

// transportOutlet writes to one stream of a WebTransport session. What the
// client sends is not read: its flow control bounds it.
type transportOutlet struct {
	session *webtransport.Session
	stream  *webtransport.SendStream
}

func newTransportOutlet(session *webtransport.Session) (*transportOutlet, error) {
	stream, err := session.OpenUniStream()
	if err != nil {
		return nil, err
	}
	return &transportOutlet{session: session, stream: stream}, nil
}

// head has nothing to do: a session opens when its head is there.
func (o *transportOutlet) head() error { return nil }

func (o *transportOutlet) send(frame []byte, _ bool) error {
	_, err := o.stream.Write(frame)
	return err
}

func (o *transportOutlet) breakOff(frame []byte) error { return o.send(frame[:len(frame)/2], true) }

// heartbeat has nothing to add: a heartbeat is a line.
func (o *transportOutlet) heartbeat() error { return nil }

func (o *transportOutlet) allow(d time.Duration) { _ = o.stream.SetWriteDeadline(time.Now().Add(d)) } // never fails

func (o *transportOutlet) interrupt() { _ = o.stream.SetWriteDeadline(time.Now()) }

// close ends the stream and leaves the closing of the session to the client
// for a while: a session that closes takes with it what the client has not read
// yet.
func (o *transportOutlet) close(reason string) {
	_ = o.stream.Close() // the peer may be gone by now
	timer := time.NewTimer(closeAllowed)
	defer timer.Stop()
	select {
	case <-o.session.Context().Done():
	case <-timer.C:
	}
	_ = o.session.CloseWithError(webtransport.SessionErrorCode(closeCode(reason)), reason)
}

// abandon closes the session as it is.
func (o *transportOutlet) abandon() {
	o.stream.CancelWrite(webtransport.StreamErrorCode(sessionAborted))
	_ = o.session.CloseWithError(sessionAborted, "") // it may be closed already
}
