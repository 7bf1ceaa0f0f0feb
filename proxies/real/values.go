package real

import "net"

// ListenHost and the others below are for programs that want a host and a port
// apart.
func (v Values) ListenHost() string { return hostOf(v.Listen) }

// ListenPort is the port of Listen.
func (v Values) ListenPort() string { return portOf(v.Listen) }

// OriginHost is the host of Origin.
func (v Values) OriginHost() string { return hostOf(v.Origin) }

// OriginPort is the port of Origin.
func (v Values) OriginPort() string { return portOf(v.Origin) }

// AJPHost is the host of AJP.
func (v Values) AJPHost() string { return hostOf(v.AJP) }

// AJPPort is the port of AJP.
func (v Values) AJPPort() string { return portOf(v.AJP) }

func hostOf(address string) string {
	host, _, _ := net.SplitHostPort(address)
	return host
}

func portOf(address string) string {
	_, port, _ := net.SplitHostPort(address)
	return port
}

// trial are values to try a template with.
var trial = Values{Listen: "127.0.0.1:1", Origin: "127.0.0.1:2", OriginURL: "http://127.0.0.1:2", AJP: "127.0.0.1:3", Dir: "/dir", Here: "/here"}

// depends reports whether a configuration comes out differently after a change
// of its values, which is whether it names them in one form or another.
func (c Config) depends(change func(*Values)) (bool, error) {
	before, err := c.render(trial)
	if err != nil {
		return false, err
	}
	changed := trial
	change(&changed)
	after, err := c.render(changed)
	return before != after, err
}

func (c Config) namesListen() (bool, error) {
	return c.depends(func(v *Values) { v.Listen = "127.0.0.1:11" })
}

func (c Config) namesOrigin() (bool, error) {
	return c.depends(func(v *Values) { v.Origin, v.OriginURL, v.AJP = "127.0.0.1:12", "http://127.0.0.1:12", "127.0.0.1:13" })
}

// namesAJP reports whether a configuration wants an AJP adapter.
func (c Config) namesAJP() (bool, error) {
	return c.depends(func(v *Values) { v.AJP = "127.0.0.1:13" })
}
