// Package demos has the systems that the techniques come from, rebuilt small on
// the reference server's own engines: as proof that they carry them, as pages
// that a person can open, and as scenarios (suite seeds).
//
// [All] lists them; [Mount] puts them on a server below /demo/. Each is a package
// of its own on a stage (package stage); none opens a connection of its own. A
// demo's framing is a reference.Framer, its messages are in the server's log, and
// its requests are served by the server's engine, which is what made the engine
// grow: applications mount and carry subscriptions, are told how each one ended
// and what was written, and a poll's header may say what the poll brought.
//
// What became of each system:
//
//	system             what it was                               here
//	Rocket (GWT)       poll function behind a hidden iframe      rebuilt: rocket
//	Grizzly, GlassFish handlers suspended until notified         rebuilt: grizzly-counter
//	Resin              suspended requests, woken                 rebuilt: resin-ticker
//	DWR                calls into pages, three modes             rebuilt: dwr
//	niceideas          iframe server with a tennis game          rebuilt: tennis
//	Bayeux demos       a rater and a chat, with every server     rebuilt: session-rater
//	                                                             rebuilt: chat
//	tabs and limits    tricks of pages, no system                rebuilt: tabs
//	CometD, faye       publish and subscribe by Bayeux           technique: bayeux-long-polling and its kin, against their own clients
//	SockJS             a socket over whatever passes             technique: sockjs-xhr and its kin, against its own clients and tests
//	Jetty              continuations: held requests that give    technique: long-poll. Continuations are not here: a goroutine that
//	                   their thread back                         waits holds no thread; serve --workers shows what they were made for
//	Tomcat             comet events on held requests             technique: long-poll, forever-iframe; its events are those of grizzly-counter
//	ICEfaces           page updates by held XHR                  technique: long-poll
//	Twisted, Nevow     event loop; live pages over held requests technique: long-poll. The loop is an engine's matter, not the wire's
//	HAppS              Haskell server, a thread per held request technique: long-poll, on a goroutine per request
//	Perlbal            event-driven balancer and server in Perl  technique: long-poll. As a balancer it is a proxy, and belongs to proxies/real
//	Pushlets           Java servlet, scripts into a frame        technique: forever-iframe, which is its framing
//	KnowNow,           event routing to browsers through a       technique: forever-iframe; the topics and rules behind it are
//	mod_pubsub         frame that never ends                     an application's, and the hub has channels
//	Meteor             Perl server: poll, long poll, iframe      technique: short-poll, long-poll, forever-iframe
//	Orbited            a transport for each browser              technique: xhr-streaming, htmlfile, eventsource, long-poll
//	gwt-comet          a wire format for each browser            technique: xhr-streaming, htmlfile, eventsource; its paddings are the
//	                                                             thresholds of the model clients
//	APE                held JSONP between many subdomains        technique: callback-poll; the host names are in tabs
//	Lightstreamer      streams of a declared length, and a watch technique: content-length-stream. Its Stream-Sense is a client's choice
//	                   that falls back to polls                  between techniques, and a cell tells what it would find
//	Nchan              nginx module, one wire for each Accept    technique: long-poll, eventsource, multipart (variant mixed), websocket.
//	                                                             Positions in Etag and Last-Modified are not here: ids are in the URL
//	Netscape           server push by multipart documents        technique: multipart
//	Opera              events as a stream of fields              technique: eventsource, its descendant
//	Juggernaut         Flash sockets for Rails                   not here: nothing runs Flash any more (list techniques names flash-xmlsocket)
//	Flex, Hessian      binary messages for Flash and Java        not here; on the wire it is fetch-streaming with framing=binary
package demos
