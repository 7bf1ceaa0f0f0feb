package measure

import "slices"

// unfixable says why no line of a program's configuration mends a cause.
type unfixable struct {
	programs []string
	causes   []string
	why      string
}

// unfixables are known from the programs' documentation and from trying. What
// to do instead is up to the application.
func unfixables() []unfixable {
	abort := []string{"client-abort-not-propagated"}
	return []unfixable{
		{[]string{"apache2"}, abort, "mod_proxy_http does not look at the client while it waits for the origin, and learns of its leaving when it writes"},
		{[]string{"apache2/jk"}, abort, "mod_jk does not look at the client while it waits for the container, and learns of its leaving when it writes"},
		{[]string{"h2o"}, abort, "a client of HTTP/1.1 is not looked at before the next write (that one of HTTP/2 has left is told at once)"},
		{[]string{"tinyproxy"}, abort, "the client is not looked at before the head has passed"},
		{[]string{"h2o"}, []string{"headers-held"}, "the head is written with the first byte of the body"},
		{[]string{"mitmproxy"}, []string{"headers-held"}, "whether a body is streamed is asked when its first byte is there"},
		{[]string{"caddy", "h2o"}, []string{"truncated"}, "an answer that the origin breaks off is ended properly, whatever is configured"},
		{[]string{"apache2/jk"}, []string{"truncated"}, "an answer that the container breaks off is ended properly, whatever is configured"},
		{[]string{"mitmproxy"}, []string{"truncated"}, "a websocket that the origin breaks off is ended with a close frame, whatever is configured"},
		{[]string{"caddy"}, []string{"reload"}, "connections that were upgraded are closed with the old configuration; stream_close_delay keeps them from 2.7 on"},
	}
}

// WhyNoFix says why there is no line against a cause in the program behind a
// proxy's name, where that is known.
func WhyNoFix(cause, proxy string) (why string, ok bool) {
	program, part := programOf(proxy)
	for _, name := range []string{program + "/" + part, program} {
		for _, u := range unfixables() {
			if slices.Contains(u.programs, name) && slices.Contains(u.causes, cause) {
				return u.why, true
			}
		}
		if part == "jk" {
			break // mod_proxy is another matter
		}
	}
	return "", false
}
