package clients

import "slices"

// ie is Internet Explorer 8 or 9. The two differ in nothing that a technique
// here depends on: neither shows an XMLHttpRequest's body before its end, and
// neither has EventSource, WebSocket, fetch or multipart/x-mixed-replace.
func ie(version string) *Model {
	m := model("model:ie"+version,
		"Internet Explorer "+version+": the body of an XMLHttpRequest is visible only at its end (IEInternals blog); an iframe or htmlfile document runs nothing before 256 bytes (gwt-comet); no EventSource, WebSocket, fetch or multipart.")
	m.techniques = slices.Concat(whole, requested, framed, []string{"htmlfile", "sockjs-htmlfile"})
	m.without = "no EventSource, WebSocket, fetch or multipart/x-mixed-replace"
	m.variants = []string{"post", "prelude4096"}
	m.userAgent = agent(map[string]string{
		"8": "Mozilla/4.0 (compatible; MSIE 8.0; Windows NT 6.1; Trident/4.0)",
		"9": "Mozilla/5.0 (compatible; MSIE 9.0; Windows NT 6.1; Trident/5.0)",
	}[version])
	m.sees = func(technique string) visibility {
		switch {
		case slices.Contains(requested, technique):
			return visibility{atEnd: true}
		case slices.Contains(framed, technique), technique == "htmlfile", technique == "sockjs-htmlfile":
			return visibility{from: 256}
		}
		return visibility{}
	}
	return m
}

// xdr is XDomainRequest, the way of Internet Explorer 8 and 9 to another host.
// Its answers carry no status or headers to the script, and it demands
// Access-Control-Allow-Origin; neither is held against the origin here.
func xdr() *Model {
	m := model("model:xdr",
		"XDomainRequest of Internet Explorer 8 and 9: nothing is visible before 2,048 bytes of the body, then each byte as it comes (gwt-comet; IEInternals blog, 2010); GET and POST of text/plain only.")
	m.techniques = []string{"short-poll", "piggyback", "long-poll", "early-close", "xhr-streaming", "sockjs-xhr", "sockjs-xhr-streaming"}
	m.without = "only XDomainRequest: text by GET or POST"
	m.variants = []string{"post", "prelude4096"}
	m.userAgent = agent("Mozilla/4.0 (compatible; MSIE 8.0; Windows NT 6.1; Trident/4.0)")
	m.sees = func(technique string) visibility {
		if slices.Contains(whole, technique) {
			return visibility{}
		}
		return visibility{from: 2048}
	}
	return m
}

// android2 is the browser of Android 2.
func android2() *Model {
	m := model("model:android2",
		"The browser of Android 2: bytes become visible only in multiples of 4,096, again after each (Yaffle's EventSource README); no EventSource, WebSocket or fetch.")
	m.techniques = slices.Concat(whole, requested, framed)
	m.without = "no EventSource, WebSocket, fetch, ActiveX or multipart for scripts"
	m.variants = []string{"post", "prelude4096"}
	m.userAgent = agent("Mozilla/5.0 (Linux; U; Android 2.3.6; en-us) AppleWebKit/533.1 (KHTML, like Gecko) Version/4.0 Mobile Safari/533.1")
	m.sees = func(technique string) visibility {
		if slices.Contains(whole, technique) {
			return visibility{}
		}
		return visibility{step: 4096}
	}
	return m
}

// twoConnections is any browser that kept to RFC 2616, section 8.1.4. A socket
// counts until it is closed, and as there is no pool to share, each is closed
// after its answer. Sockets to a forward proxy count as the proxy's.
func twoConnections() *Model {
	m := model("model:two-connections",
		"A browser with at most two sockets to a host and port at once, over all its subscriptions, as Internet Explorer 6 and 7 and Firefox 2 (RFC 2616, 8.1.4); further requests wait for one to be closed.")
	m.techniques = everything("webtransport")
	m.without = "HTTP/1 only"
	m.variants = []string{"post", "mixed", "binary", "prelude4096"}
	m.slots = &slots{most: 2}
	return m
}
