package sockjs

// queue are messages that wait, in one direction. Its session's lock guards it.
type queue struct {
	messages []Message
	bytes    int
	news     chan struct{} // holds one token: something was added
	room     chan struct{} // holds one token: something was taken
}

func (q *queue) add(m Message) {
	q.messages = append(q.messages, m)
	q.bytes += len(m.Text)
	rouse(q.news)
}

// take removes the first n messages.
func (q *queue) take(n int) []Message {
	out := q.messages[:n:n]
	q.messages = q.messages[n:]
	for _, m := range out {
		q.bytes -= len(m.Text)
	}
	if len(q.messages) == 0 {
		q.messages = nil // the array behind it holds what was taken
	}
	rouse(q.room)
	return out
}

func rouse(token chan struct{}) {
	select {
	case token <- struct{}{}:
	default: // whoever waits will look anyway
	}
}

func (q *queue) clear() { q.messages, q.bytes = nil, 0 }

func (q *queue) full(t *Terms) bool {
	return len(q.messages) >= t.QueueMessages || q.bytes >= t.QueueBytes
}
