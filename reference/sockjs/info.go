package sockjs

import (
	"crypto/rand"
	"encoding/binary"
	"net/http"
	"strconv"
)

// info says what the service can do, and lends browsers some entropy. Clients
// also take the time of this answer for the round trip.
func (s *Service) info(w http.ResponseWriter, _ *http.Request) {
	var seed [4]byte
	_, _ = rand.Read(seed[:]) // never fails, see crypto/rand
	h := w.Header()
	h.Set("Content-Type", "application/json; charset=UTF-8")
	neverCached(h)
	body := strconv.AppendBool([]byte(`{"websocket":`), !s.config.NoWebSocket)
	body = strconv.AppendBool(append(body, `,"origins":["*:*"],"cookie_needed":`...), s.config.Cookie)
	body = strconv.AppendUint(append(body, `,"entropy":`...), uint64(binary.BigEndian.Uint32(seed[:])), 10)
	_, _ = w.Write(append(body, '}')) // the peer may be gone
}
