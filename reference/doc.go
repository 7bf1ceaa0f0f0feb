// Package reference is the comet server that cometbench measures paths with:
// one origin that speaks every technique, by the byte, and writes down what it
// sent and noticed.
//
// [New] makes a [Server] from a [Config]; [Server.Handler] mounts it anywhere,
// [Server.Serve], [Server.ServeTLS] and [Server.ServeQUIC] run it over HTTP/1.0
// to HTTP/3 with the connection settings that measuring needs, and
// [Server.Shutdown] ends every subscription with a notice before it stops.
// Config.Workers makes it a thread-per-request server, to show what held
// responses do to one.
//
// [Server.Mount] adds an application below a path, and [Server.Carry] lets it
// push by the server's own engine: the historical systems in demos do. An
// application brings a [Framer] and holds no connection.
//
// Under it, each part stands alone: a [Technique] (see [All]) turns a request
// into a [Framer] and never sees a ResponseWriter; an [Engine] does the writing
// and keeps each subscriber's position in a [Log]; the [Hub] is what publishes,
// terminates and counts; [Lifetime] decides when a stream sends a heartbeat,
// recycles or ends, and is handed the time. [Options] is the closed table of
// what a subscriber may ask for.
//
// Beside the techniques, /sink takes a request's body and writes down when each
// piece of it came, and /llm/v1/chat/completions stands in for a language
// model behind the chat completions API, for trying what measures an
// application's own endpoint; the index page lists its options.
//
// Bayeux 1.0 is spoken at /bayeux (package reference/bayeux): channel C of the
// hub is /hub/C there, and [Server.Bayeux] is for who takes part inside the
// process. Below /t/ its transports are techniques, with the options of all
// others; see [SessionTechnique].
//
// What it does not do: it never judges a path, knows nothing of proxies or
// clients, keeps messages in memory only, and does not authenticate
// subscribers. It is an instrument, not a message broker.
package reference
