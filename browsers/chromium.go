package browsers

import (
	"context"
	"errors"
	"os/exec"
	"strings"
	"time"

	"github.com/chromedp/chromedp"

	"github.com/cometbench/cometbench/scenarios/measure"
)

// chromium is Chromium or a relative of it, by the DevTools protocol.
type chromium struct{ program string }

// NewChromium is New for "chromium".
func NewChromium(ctx context.Context, o Options) (*Browser, error) { return New(ctx, "chromium", o) }

func (c *chromium) name() string      { return "chromium" }
func (c *chromium) binary() string    { return c.program }
func (c *chromium) mostContexts() int { return 32 }

// sharesProcess: connection pools, caches and the proxy are per context.
func (c *chromium) sharesProcess() bool { return true }

func (c *chromium) supports(s measure.Subscription) error {
	if s.Technique == "websocket" && s.Target.Proxy != "" && s.Target.SocketVia == "get" {
		return errors.New("Chromium passes a proxy by CONNECT for web sockets, never by GET")
	}
	return nil
}

func (c *chromium) start(ctx context.Context, l launch, patient time.Duration) (process, error) {
	flags := append(chromiumFlags(), chromedp.ExecPath(c.program), chromedp.ModifyCmdFunc(ownGroup))
	if !l.http2 {
		flags = append(flags, chromedp.Flag("disable-http2", true))
	}
	if l.roots != "" {
		hashes, err := keyHashes([]byte(l.roots))
		if err != nil {
			return nil, err
		}
		flags = append(flags, chromedp.Flag("ignore-certificate-errors-spki-list", strings.Join(hashes, ",")))
	}
	return startChromium(ctx, flags, patient)
}

// chromiumPrograms are tried in this order. The headless shell comes first: it
// uses a fraction of the processor time, and it phones nobody. Debian's
// /usr/bin/chromium is a shell script that adds flags, so the programs behind
// the wrappers come before them.
func chromiumPrograms() []string {
	return []string{
		"/usr/lib/chromium/chromium-headless-shell",
		"chromium-headless-shell", "chrome-headless-shell", "headless-shell", "headless_shell",
		"/usr/lib/chromium/chromium",
		"chromium", "chromium-browser", "google-chrome", "google-chrome-stable",
		"/Applications/Chromium.app/Contents/MacOS/Chromium",
		"/Applications/Google Chrome.app/Contents/MacOS/Google Chrome",
	}
}

// findChromium returns an engine for the program to run: binary if that is
// given, else the first that is there. The error is a *MissingError.
func findChromium(binary string) (engine, error) {
	program, err := find(binary, chromiumPrograms(), MissingError{Program: "chromium-headless-shell", Package: "chromium-headless-shell"})
	if err != nil {
		return nil, err
	}
	return &chromium{program: program}, nil
}

// find looks for a program: binary if that is given, else the first of
// programs that is there. The error is missing with binary's name.
func find(binary string, programs []string, missing MissingError) (string, error) {
	if binary != "" {
		programs, missing.Program = []string{binary}, binary
	}
	for _, program := range programs {
		if found, err := exec.LookPath(program); err == nil {
			return found, nil
		}
	}
	return "", &missing
}
