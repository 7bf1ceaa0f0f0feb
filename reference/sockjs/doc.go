// Package sockjs is the server side of SockJS 0.3.3: sessions that look like
// WebSockets to the application and travel by whatever transport gets through.
//
// A [Service] is one base URL. It answers the greeting, /info, the iframe page,
// /SERVER/SESSION/TRANSPORT for xhr, xhr_streaming, eventsource, htmlfile,
// jsonp, websocket, xhr_send and jsonp_send, and the raw /websocket. Its
// Config.Accept decides about each session and says what is done with it;
// that function gets a [Session] with Send, Receive and Close and neither
// knows the transport nor the session's id. [Echo] and [GoAway] are the two
// services that the published suite of the protocol asks for.
//
// The rules are those of sockjs-protocol at its last revision (2020), which
// calls itself 0.3.3 like the file of 2012 and differs from it in no-transform,
// the answer to the origin "null", /**/ in front of JSONP, the type of
// eventsource without charset, and the order of scripts in the iframe page.
// sockjs-node 0.3.24 and sockjs-client 1.6.1 speak the later one.
//
// What it does not do: the WebSocket drafts before RFC 6455, sessions shared by
// several servers (a session lives in the process that opened it, so a path
// in front of several must be sticky), authentication.
package sockjs
