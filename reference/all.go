package reference

// All returns the techniques in the order of WIRE.md.
func All() []Technique {
	return []Technique{
		shortPoll{},
		piggyback{},
		longPoll{},
		callbackPoll{},
		earlyClose{},
		xhrStreaming{},
		fetchStreaming{},
		foreverIframe{},
		foreverIframeText{},
		htmlfile{},
		multiPart{},
		eventSource{},
		contentLengthStream{},
		webSocket{},
		webTransport{},
	}
}
