// Package real runs real proxy programs in front of an origin, because a claim
// about proxies that rests on faults we wrote ourselves proves nothing.
//
// [Parse] turns real:NAME, real:NAME/CONFIG and real:NAME@FILE into a
// proxies.Proxy; [Programs] lists what there is. Each program has a stock
// configuration, what an administrator writes first, and a streaming one, what
// its documentation advises for streams. FILE is the user's own configuration,
// a text/template over [Values].
//
// A program runs in the foreground, as the current user, on a loopback port, in
// a temporary directory of its own. What a configuration says about users,
// process ids, logs and temporary paths is taken out and replaced, so that a
// copy of the system's configuration runs unchanged but for the address to
// listen on and the origin; files it includes are read as they are. The
// instance's [Instance.Reload] does what an administrator's reload does. Squid
// refuses to be root and is nobody in its place.
//
// A forward proxy of ours leads to the one origin and nothing else. A file with
// lines like `-- remap.config --` holds several, for programs that want them.
//
// # What the stock configurations do to a stream
//
// Measured on loopback with an origin that sends the head, waits 500 ms and then
// sends ten messages of 150 bytes, one every 300 ms; then sixty of 1,000 bytes,
// one every 50 ms.
//
// nginx 1.22.1: the head waits for the body, and the body for the end of the
// stream or for 4,096 bytes from the origin, its head included: the ten messages
// come in one piece, with the head, at 3.5 s, the sixty in pieces of 4,096 bytes
// (the first of 4,014). The tail below that size comes when the origin ends. The
// media type makes no difference, except that text/html, when the client accepts
// gzip, waits for the end whatever its size. X-Accel-Buffering: no cures all
// but gzip.
//
// haproxy 2.6.12: everything passes, but head and messages each 200 ms late,
// because haproxy announces more data to the kernel and the kernel waits that
// long for a full segment; messages that come faster leave together, five at a
// time at 50 ms. The end is not late. With option http-no-delay, in the
// streaming configuration, nothing is.
//
// With the streaming configurations each message of either program came within
// a millisecond or two, uncompressed.
//
// What the other programs do stands in their configurations, with the versions it
// was measured with.
//
// mod_jk speaks AJP/1.3 and no HTTP to what is behind it. For a configuration that
// names {{.AJP}} (or AJPHost and AJPPort) an adapter of package ajp is started in
// front of the origin, in our own process.
//
// The package judges nothing, and knows no proxy that somebody else runs.
package real
