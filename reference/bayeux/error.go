package bayeux

import "strings"

// Error is a Bayeux error, which goes out as `code:args:text`. Codes and texts
// are the CometD server's where it has one (BayeuxServerImpl), else faye's.
type Error struct {
	Code int      // three digits
	Args []string // channels, versions: nothing that holds a colon or a comma
	Text string
}

// Error is the text as it goes over the wire.
func (e *Error) Error() string {
	b := make([]byte, 0, 64)
	b = append(b, byte('0'+e.Code/100%10), byte('0'+e.Code/10%10), byte('0'+e.Code%10), ':')
	b = append(b, strings.Join(e.Args, ",")...)
	b = append(b, ':')
	return string(append(b, e.Text...))
}

// What is refused without regard to its arguments.
var (
	errNoClient       = &Error{Code: 401, Text: "client_id_missing"}
	errUnknownSession = &Error{Code: 402, Text: "session_unknown"}
	errOtherBrowser   = &Error{Code: 402, Text: "session_unknown: the request came without the " + BrowserCookie + " cookie of its session"}
	errNoChannel      = &Error{Code: 400, Text: "channel_missing"}
	errBadChannel     = &Error{Code: 405, Text: "channel_invalid"}
	errBadID          = &Error{Code: 405, Text: "message_id_invalid"}
	errNoSubscription = &Error{Code: 403, Text: "subscription_missing"}
	errNoData         = &Error{Code: 400, Text: "data_missing"}
	errNoVersion      = &Error{Code: 300, Text: "version_unsupported"}
	errNoTransport    = &Error{Code: 301, Text: "connection_types_unsupported"}
	errWildPublish    = &Error{Code: 405, Text: "channel_invalid: a pattern cannot be published to"}
	errManySessions   = &Error{Code: 503, Text: "too_many_sessions"}
	errManyPatterns   = &Error{Code: 503, Text: "too_many_subscriptions"}
	errShutdown       = &Error{Code: 503, Text: "shutting_down"}
	errManyClients    = &Error{Code: 403, Text: "multiple_clients"}
)

// denied is a refusal by the owner's rules.
func denied(channel, what string, err error) *Error {
	if own, ok := err.(*Error); ok { //nolint:errorlint // an owner who wraps one means the text
		return own
	}
	return &Error{Code: 403, Args: []string{channel}, Text: what + "_denied: " + err.Error()}
}
