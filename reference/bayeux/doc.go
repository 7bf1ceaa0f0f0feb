// Package bayeux is a server of the Bayeux protocol 1.0: publish and subscribe
// for browsers over long-polling, callback-polling and websocket.
//
// [New] makes a [Server]; it is an http.Handler for one endpoint and all paths
// below it. Remote clients take part through it, [Local] clients from inside
// the process, and one cannot tell the other. A [Feed] brings channels in from
// elsewhere, read by each session at its own pace. [Server.ServeWith] serves a
// request in another way than the rest, and tells an [Observer] what became of
// it.
//
// What a client may cost is bounded on every side: sessions, subscriptions,
// queues, sizes, nesting, and the time that a silent session is kept.
//
// The rules are those of the specification (cometd-documentation, bayeux.adoc).
// Where it leaves a choice, the server does as the CometD server does, because
// that is what the clients in the field were made for: error codes, the
// BAYEUX_BROWSER cookie, advice for several clients in one browser, 500 for a
// connect that a second one takes the place of.
//
// What it does not do: sessions belong to this process and end with it, and
// there are no transports beside the three.
package bayeux
