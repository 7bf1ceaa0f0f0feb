// Package sockjsprotocol asks a SockJS 0.3.3 server the questions of the
// published suite, sockjs-protocol, over any path.
//
// [Cases] lists them under the names that the suite gives them, all but
// Websocket.test_haproxy, which speaks a WebSocket draft of 2010 that nothing
// speaks any more. [Case.Run] asks one of a [Server]: four services, echo,
// close, disabled_websocket_echo and cookie_needed_echo, of which the streaming
// ones end an answer after 4,096 bytes.
//
// The published suite reads one HTTP chunk and holds it against one frame, and
// so fails proxies that stream without delay but cut anew. Cases where that
// makes a difference are marked ChunkBound; they are asked either way (see
// Server.AnyChunks), and a path that passes only without chunks loses nothing.
//
// It is written from the rules and shares nothing with the server under test.
// What it does not do: measure time.
package sockjsprotocol
