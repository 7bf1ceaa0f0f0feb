package reference

import "github.com/cometbench/cometbench/reference/bayeux"

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
		bayeuxTechnique{bayeux.LongPolling},
		bayeuxTechnique{bayeux.CallbackPolling},
		bayeuxTechnique{bayeux.WebSocket},
	}
}
