package reference

// Log is where messages live under the hub: in memory now, in a cluster's
// store later. Positions are per channel: EPOCH-SEQ, SEQ counting from 1
// without gaps.
type Log interface {
	// Epoch names the life of this log. Ids of another epoch are unknown.
	Epoch() string
	// Append stores a message, gives it its id and sent time and returns it.
	// It never blocks on subscribers. The error is ErrFull when the log cannot
	// take another channel.
	Append(channel string, m Message) (*Message, error)
	// Range returns what there is after seq, at most limit messages, and the
	// sequence numbers of the oldest message kept and of the newest. When none
	// is kept, oldest is newest+1; when there never was one, newest is 0. A
	// seq below oldest-1 has a gap.
	Range(channel string, after uint64, limit int) (msgs []*Message, oldest, newest uint64)
	// Notify calls wake with each message appended to channel, in order, until
	// cancel is called. wake runs on the publisher's goroutine, perhaps under
	// a lock of the log: it must neither block nor call the log.
	Notify(channel string, wake func(*Message)) (cancel func())
}
