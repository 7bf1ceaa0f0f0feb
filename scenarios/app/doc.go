// Package app knows somebody's own streaming endpoint: the file that describes
// it (Spec), the budget of requests that it may be asked (Budget), and the
// Gateway through which paths lead to it.
//
// An application cannot be told when to send, and keeps no record of what it
// sent. The gateway makes up for the second: it stands between the path and
// the application, passes every byte on but for what names its address, reads
// along, and so knows what the application said and when. What the client saw
// is then held against that, as it is with the reference server.
//
// The package measures nothing and judges nothing: package scenarios does.
package app
