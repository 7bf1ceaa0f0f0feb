package browsers

import (
	"context"
	"encoding/base64"
	"encoding/json"
	"encoding/pem"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"regexp"
	"time"

	"github.com/cometbench/cometbench/internal/child"
	"github.com/cometbench/cometbench/scenarios/measure"
)

// firefox is Firefox, by WebDriver BiDi on the port that it opens itself.
type firefox struct{ program string }

// NewFirefox is New for "firefox".
func NewFirefox(ctx context.Context, o Options) (*Browser, error) { return New(ctx, "firefox", o) }

// findFirefox returns an engine for the program to run: binary if that is
// given, else the first that is there. The error is a *MissingError.
func findFirefox(binary string) (engine, error) {
	program, err := find(binary, []string{
		"/usr/lib/firefox-esr/firefox-esr", "firefox-esr", "/usr/lib/firefox/firefox", "firefox",
		"/Applications/Firefox.app/Contents/MacOS/firefox",
	}, MissingError{Program: "firefox-esr", Package: "firefox-esr"})
	if err != nil {
		return nil, err
	}
	return &firefox{program: program}, nil
}

func (f *firefox) name() string      { return "firefox" }
func (f *firefox) binary() string    { return f.program }
func (f *firefox) mostContexts() int { return 16 }

// sharesProcess: connection pools, caches and the proxy are per user context.
func (f *firefox) sharesProcess() bool { return true }

func (f *firefox) supports(s measure.Subscription) error {
	if s.Technique == "websocket" && s.Target.Proxy != "" && s.Target.SocketVia == "get" {
		return errors.New("Firefox passes a proxy by CONNECT for web sockets, never by GET")
	}
	return nil
}

// listening is what Firefox prints when its port is open.
var listening = regexp.MustCompile(`WebDriver BiDi listening on (ws://\S+)`)

// leaving is how long it may take to end by itself. Nothing of its profile is
// kept, so that there is nothing to wait for.
const leaving = 10 * time.Millisecond

func (f *firefox) start(ctx context.Context, l launch, patient time.Duration) (_ process, err error) {
	dir, err := os.MkdirTemp("", "cometbench-firefox-")
	if err != nil {
		return nil, fmt.Errorf("make a profile: %w", err)
	}
	p := &firefoxProcess{dir: dir, patient: patient, pages: map[string]*firefoxPage{}}
	defer func() {
		if err != nil {
			p.close()
		}
	}()
	if err := os.WriteFile(filepath.Join(dir, "user.js"), []byte(firefoxPrefs(l.http2)), 0o600); err != nil {
		return nil, fmt.Errorf("make a profile: %w", err)
	}
	address := newLineWatch(listening)
	p.child, err = child.Start(child.Config{
		Path: f.program,
		Args: []string{
			"--headless", "--no-remote", "--profile", dir, "--remote-debugging-port=0",
			// For the certificates of a run: no command adds them to a profile.
			"--remote-allow-system-access", "about:blank",
		},
		Env: append(os.Environ(),
			"MOZ_CRASHREPORTER_DISABLE=1", "MOZ_DATA_REPORTING=0",
			"MOZ_REMOTE_SETTINGS_DEVTOOLS=1", // or services.settings.server is not heeded
			"TMPDIR="+dir,                    // what it leaves there goes with the profile
		),
		Stderr: address, Grace: leaving,
	})
	if err != nil {
		return nil, err
	}
	select {
	case <-address.found:
	case <-p.child.Done():
		return nil, fmt.Errorf("it ended at once: %s", p.child.Stderr().LastLine())
	case <-ctx.Done():
		return nil, fmt.Errorf("wait for its port: %w", context.Cause(ctx))
	}
	if p.bidi, err = dialBiDi(ctx, address.match+"/session", p.event); err != nil {
		return nil, err
	}
	if err := p.prepare(ctx); err != nil {
		return nil, err
	}
	if l.roots != "" {
		if err := p.trust(ctx, []byte(l.roots)); err != nil {
			return nil, err
		}
	}
	return p, nil
}

// prepare opens the session and asks for the events that pages need.
func (p *firefoxProcess) prepare(ctx context.Context) error {
	var session struct {
		Capabilities struct {
			BrowserVersion string `json:"browserVersion"`
		} `json:"capabilities"`
	}
	if err := p.bidi.call(ctx, "session.new", object{"capabilities": object{}}, &session); err != nil {
		return err
	}
	p.version = "Firefox/" + session.Capabilities.BrowserVersion
	return p.bidi.call(ctx, "session.subscribe", object{"events": []string{
		"script.message", "browsingContext.contextCreated", "browsingContext.contextDestroyed",
		"network.beforeRequestSent", "network.responseStarted", "network.responseCompleted", "network.fetchError",
	}}, nil)
}

// object is a JSON object of the protocol.
type object = map[string]any

// trust adds authorities to the profile's store. Only the browser's own window
// may do so, not a page.
func (p *firefoxProcess) trust(ctx context.Context, rootsPEM []byte) error {
	var roots []string
	for rest := rootsPEM; ; {
		var block *pem.Block
		if block, rest = pem.Decode(rest); block == nil {
			break
		}
		if block.Type == "CERTIFICATE" {
			roots = append(roots, base64.StdEncoding.EncodeToString(block.Bytes))
		}
	}
	if len(roots) == 0 {
		return errors.New("parse root certificates: no certificate found")
	}
	var tree struct {
		Contexts []struct {
			Context string `json:"context"`
		} `json:"contexts"`
	}
	if err := p.bidi.call(ctx, "browsingContext.getTree", object{"moz:scope": "chrome", "maxDepth": 0}, &tree); err != nil {
		return fmt.Errorf("find the browser's window: %w", err)
	}
	if len(tree.Contexts) == 0 {
		return errors.New("the browser has no window")
	}
	list, err := json.Marshal(roots)
	if err != nil {
		return err
	}
	script := `{
		const store = Cc["@mozilla.org/security/x509certdb;1"].getService(Ci.nsIX509CertDB);
		for (const root of ` + string(list) + `) store.addCertFromBase64(root, "C,,");
	} ""`
	if _, err := p.evaluate(ctx, tree.Contexts[0].Context, script); err != nil {
		return fmt.Errorf("trust certificates: %w", err)
	}
	return nil
}
