package reference

// Log is where messages live under the hub: in memory now, in a cluster's
// store later. Positions are per channel: EPOCH-SEQ, SEQ counting from 1
// without gaps.
type Log interface {
	// Epoch names the life of this log. Ids of another epoch are unknown.
	Epoch() string
	// Append stores a message, gives it its id and sent time and returns it.
	// It never blocks on subscribers.
	Append(channel string, m Message) (*Message, error)
	// Range returns what there is after seq, at most limit messages, and the
	// sequence numbers of the oldest message kept and of the newest (0 when
	// there never was one). A seq below oldest-1 has a gap.
	Range(channel string, after uint64, limit int) (msgs []*Message, oldest, newest uint64)
	// Notify calls wake after each append to channel until cancel is called.
	// wake must not block and runs on the publisher's goroutine.
	Notify(channel string, wake func()) (cancel func())
}
