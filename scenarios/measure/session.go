package measure

// SessionLost begins the note of an error by which a client says that the
// server which answered does not have its session, although the client did
// nothing to end it: another server got the request, or the cookie that would
// have shown the way did not.
const SessionLost = "session lost"

// TimerOver begins the note of an error by which a client of somebody else's
// says that a limit of its own was over, not the path's. What the limit is
// called, and how long it is, follows.
const TimerOver = "the client's own timer was over"

// SessionInterrupted is the note of the origin's end of a SockJS session of
// which an answer was broken off on the way: the origin only says so.
const SessionInterrupted = "Connection interrupted"
