package reference

import "net/http"

// comeBack answers an EventSource that arrives during a shutdown. Any status
// but 200 would stop it for good (HTML standard, "fail the connection"), so it
// gets a stream that ends at once and says when to come back.
func (sub *Subscription) comeBack(w http.ResponseWriter, f Framer) {
	sub.locate(sub.Params.After) // the hello must not move the client's position
	head := f.Head()
	for k, v := range head.Header {
		w.Header()[k] = v
	}
	sub.accepted(head.Status)
	w.WriteHeader(head.Status)
	body := f.Open(nil, sub.hello())
	_, _ = w.Write(f.Close(body, sub.end(ReasonShutdown))) // the peer may be gone
	sub.ended(ReasonShutdown)
}
