package reference

// ProtocolTechnique is a technique that is a transport of a protocol with
// sessions. It has no Framer and no path below /t/: the protocol brings its own
// paths, and its sessions belong to the node that opened them.
type ProtocolTechnique struct {
	Name string
	Path string // where it is spoken; words in capitals stand for the client's choice
	Info
}

// ProtocolTechniques returns those techniques, in the order of WIRE.md.
func ProtocolTechniques() []ProtocolTechnique {
	return sockjsTechniques()
}
