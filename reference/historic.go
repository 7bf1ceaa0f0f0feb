package reference

// HistoricTechnique is a way to push that is listed and not implemented.
type HistoricTechnique struct {
	Name string
	Why  string // one sentence: what it was, and why it is not here
}

// Historic lists what the literature names and nothing can receive any more,
// so that a measurement of it would be a measurement of our own imitation.
func Historic() []HistoricTechnique {
	return []HistoricTechnique{
		{"flash-xmlsocket", "Raw XML over TCP into the Flash player, after a policy file from port 843: no browser runs Flash since January 2021, and it was never HTTP, so HTTP proxies neither carried nor saw it."},
		{"hessian", "Caucho's binary messages streamed to a Java applet or Flash: no browser runs either any more, and on the wire it is a length-prefixed stream, which fetch-streaming with framing=binary measures."},
	}
}
