package measure

// SessionLost begins the note of an error by which a client says that the
// server which answered does not have its session, although the client did
// nothing to end it: another server got the request, or the cookie that would
// have shown the way did not.
const SessionLost = "session lost"
