// Package ajp puts an AJP/1.3 listener in front of an HTTP origin, so that web
// servers that speak AJP to a servlet container (Apache with mod_jk or
// mod_proxy_ajp) can be measured with an origin that is none.
//
// [Listen] starts an [Adapter]. It takes FORWARD_REQUEST and CPING, asks the
// origin with HTTP/1.1 on a connection of its own, and hands on what it reads at
// once: each read of the origin's body becomes a SEND_BODY_CHUNK and an empty
// one behind it, which is how a container passes on that a servlet has flushed.
// A request body is fetched with GET_BODY_CHUNK only as the origin takes it.
// When the web server drops the connection the request to the origin is
// cancelled; when the origin breaks off, the connection is closed without
// END_RESPONSE, because AJP has no other word for it.
//
// Each connection holds a few packets of 8 KB and no more. A started packet must
// be complete within 20 s; idle connections and slow readers may wait for as
// long as the web server does, as in a container.
//
// The protocol is that of the Tomcat Connectors' reference (ajpv13a) and, where
// that is silent, of mod_jk 1.2.48 and Tomcat 10.1.
//
// The adapter is no servlet container: it does not shut down when asked to, it
// ignores what AJP carries beside a request (remote user, TLS certificate,
// secret), it cannot upgrade, since AJP cannot, and trailers end with it.
package ajp
