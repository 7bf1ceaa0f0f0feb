// Package rocket rebuilds the comet of Rocket for GWT (rocket.remoting): a
// hidden iframe on a response that a poll function fills with typed, serialised
// objects, once a second, until the response has grown to maximum-bytes-written
// or lived for connection-timeout. Both limits are mandatory. The client opens
// the next one, takes the old iframe away, and goes on behind the last object.
//
// [New] makes the demo of a [stage.Stage]; [Servlet] is the part that could
// stand elsewhere: [Config] has the poll function and the limits, a
// [Connection] pushes a [Payload] or terminates.
//
// Objects travel as GWT's RPC writes them, read from the end: values, a table of
// strings, flags, version. A payload that is not of the declared type is the
// client's onFailure and does not end the session. Unlike the original, bytes
// are counted as they go out, not as two for each character, and a message that
// falls between two connections is not lost.
package rocket
