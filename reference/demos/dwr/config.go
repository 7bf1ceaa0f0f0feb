package dwr

import (
	"fmt"
	"time"
)

// Mode is how calls get from the server to a page.
type Mode string

// The modes.
const (
	Comet     Mode = "comet"
	Polling   Mode = "polling"
	Piggyback Mode = "piggyback"
)

// Config says how the pages of a session are reached. The times are policy
// time.
type Config struct {
	Mode Mode
	// MaxWaitAfterWrite ends a comet answer so long behind its first piece; a
	// negative value streams on.
	MaxWaitAfterWrite time.Duration
	ConnectedTime     time.Duration // a comet answer ends after it
	DisconnectedTime  time.Duration // how long a page stays away between two polls
	Heartbeat         time.Duration // of a comet answer; a page that is silent for so long is gone
	SessionTimeout    time.Duration // the same with Piggyback, where pages are silent
}

// ParseConfig is the configuration of a mode, with the defaults of DWR where it
// has some.
func ParseConfig(mode, maxWaitAfterWrite string) (Config, error) {
	c := Config{
		Mode: Mode(mode), MaxWaitAfterWrite: -1, ConnectedTime: time.Minute,
		Heartbeat: 10 * time.Second, SessionTimeout: 30 * time.Minute,
	}
	switch c.Mode {
	case "":
		c.Mode = Comet
	case Comet, Piggyback:
	case Polling:
		c.DisconnectedTime = 2 * time.Second
	default:
		return Config{}, fmt.Errorf("mode %.20q: want %s, %s or %s", mode, Comet, Polling, Piggyback)
	}
	if maxWaitAfterWrite != "" {
		d, err := time.ParseDuration(maxWaitAfterWrite)
		if err != nil || d < 0 || d > time.Hour {
			return Config{}, fmt.Errorf("maxWaitAfterWrite %.20q: want a duration such as 500ms", maxWaitAfterWrite)
		}
		c.MaxWaitAfterWrite = d
	}
	return c, nil
}

// silence is how long nothing may be heard of a page.
func (c Config) silence() time.Duration {
	if c.Mode == Piggyback {
		return c.SessionTimeout
	}
	return c.DisconnectedTime + c.Heartbeat
}
