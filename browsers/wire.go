package browsers

import "github.com/cometbench/cometbench/scenarios/measure"

// What the inbox of a page gets. Times are microseconds since the Unix epoch
// on this machine's clock, 0 where the browser does not tell; ids are the
// browser's names of requests.
type (
	// reported is a call of the page's sink.
	reported struct{ payload string }
	// crashed says that the page's own process died.
	crashed struct{}
	// loading says that the browser begins or ends to show a frame as loading.
	loading struct {
		act measure.FrameAct
		at  int64
	}
	// asked says that a request goes out, or that a web socket is made.
	asked struct {
		id, url  string
		document bool // for the page itself
		socket   bool
	}
	// dialled says that a web socket sends its handshake; each has a
	// connection of its own.
	dialled struct {
		id string
		at int64
	}
	// answered is the head of a response, or of the one to a handshake.
	answered struct {
		id          string
		at          int64
		status      int
		http        string // version, as measure writes it
		contentType string
		encoding    string
		redirect    bool   // the request goes on elsewhere
		conn        string // the browser's name of the connection, "" for sockets
		connected   int64  // when that was ready
		reused      bool   // it had carried other requests before
	}
	// came says that something of an answer has come, or a frame of a web
	// socket; message is the id of the message that it is, where that shows.
	came struct {
		id, message string
		at          int64
	}
	// ended says that the network is done with a request. text is the
	// browser's word for what went wrong, "" for a proper end; kind is how the
	// wire ended by that word, "" where it does not tell.
	ended struct {
		id, text string
		kind     measure.EndKind
	}
)
