// Package proxies provides what can stand between a client and an origin:
// simulated hops with faults, presets that name such faults, chains of hops,
// and the way to proxies that somebody else runs.
//
// [Parse] turns a spec as users write it (`nginx-default`,
// `fault:buffer(until=close)`, `transparent+forward:http://10.0.0.1:3128`) into
// a [Proxy]; [Split] takes a comma list apart. A Proxy is started with an [Env]
// and then is an [Instance], whose [Route] says how clients reach the origin
// and whose [Stats] prove that they did.
//
// A simulated hop works in three modes: as a reverse proxy, as a forward proxy
// (absolute URIs through goproxy, and CONNECT), and as a relay of bytes. As a
// reverse proxy it speaks HTTP/1.0, 1.1 and 2 on either side, with TLS or
// without; faults act on each HTTP/2 stream as on a connection of its own. The
// other modes let TLS through unseen, and take only faults of bytes with it
// ([UnsupportedError]), unless the fault connect(inspect) ends it and signs for
// the origin itself ([Route].RootsPEM). HTTP/3 and websockets over HTTP/2 do
// not pass. With no faults it is transparent: it adds nothing, and each write
// passes at once. A [Fault] is a set of [Hooks] in that path. Faults of one hop
// apply from the origin outward within each kind of hook; hooks that act on the
// way to the origin (idle, duration, gzip of the request's answer) see bytes
// before those that act on the way back (buffer, latency). Where the order
// between the two kinds matters, use two hops.
//
// [FailureModes] is the table of what users report, each with the composition
// that makes it happen again. [Preset.Basis] says how sure a preset is.
//
// The package starts no programs: real:NAME is handed to the function in
// [ParseOptions]. It judges nothing: whether a path is good is the business of
// the checks.
package proxies
