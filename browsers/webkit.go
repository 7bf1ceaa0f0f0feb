package browsers

import (
	"context"
	"errors"
	"fmt"
	"net"
	"os"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"time"

	"github.com/cometbench/cometbench/internal/child"
	"github.com/cometbench/cometbench/internal/ports"
	"github.com/cometbench/cometbench/scenarios/measure"
)

// webkit is WebKitGTK: its MiniBrowser, told what to do by WebKitWebDriver, in
// front of an X server without a screen. A driver has one session, and a
// session one pool of connections, so that each subscription has a browser.
type webkit struct{ driver, browser, display string }

// NewWebKit is New for "webkit".
func NewWebKit(ctx context.Context, o Options) (*Browser, error) { return New(ctx, "webkit", o) }

// findWebKit looks for the three programs; binary is the browser if it is
// given. The error is a *MissingError.
func findWebKit(binary string) (engine, error) {
	const bring = "webkit2gtk-driver"
	var w webkit
	var err error
	if w.driver, err = find("", []string{"WebKitWebDriver"}, MissingError{Program: "WebKitWebDriver", Package: bring}); err != nil {
		return nil, err
	}
	var installed []string
	for _, pattern := range []string{"/usr/lib/*/webkit2gtk-4.*/MiniBrowser", "/usr/libexec/webkit2gtk-4.*/MiniBrowser", "/usr/lib*/webkit2gtk-4.*/MiniBrowser"} {
		found, _ := filepath.Glob(pattern) // the patterns are sound
		installed = append(installed, found...)
	}
	if w.browser, err = find(binary, installed, MissingError{Program: "WebKitGTK's MiniBrowser", Package: bring}); err != nil {
		return nil, err
	}
	if w.display, err = find("", []string{"Xvfb"}, MissingError{Program: "Xvfb", Package: "xvfb"}); err != nil {
		return nil, err
	}
	return &w, nil
}

func (w *webkit) name() string        { return "webkit" }
func (w *webkit) binary() string      { return w.browser }
func (w *webkit) mostContexts() int   { return 4 }
func (w *webkit) sharesProcess() bool { return false }

func (w *webkit) supports(s measure.Subscription) error {
	switch t := s.Target; {
	case len(t.Header) > 0:
		return errors.New("WebKit's driver adds no headers of one's own")
	case s.Technique == "multipart" && s.Variant == "":
		return errors.New("WebKit does not hand a multipart/x-mixed-replace body to a page (Load failed)")
	case t.HTTP == "2" && t.Proxy != "":
		return errors.New("WebKitGTK falls back to HTTP/1.1 for https through a forward proxy")
	case s.Technique == "websocket" && t.Proxy != "" && t.SocketVia == "connect" && strings.HasPrefix(t.URL, "http:"):
		return errors.New("WebKitGTK passes a proxy by GET for unencrypted web sockets, never by CONNECT")
	}
	return nil
}

// screen is what Xvfb prints: the number of its display.
var screen = regexp.MustCompile(`^(\d+)$`)

func (w *webkit) start(ctx context.Context, l launch, patient time.Duration) (_ process, err error) {
	p := &webkitProcess{patient: patient}
	defer func() {
		if err != nil {
			p.close()
		}
	}()
	if p.dir, err = os.MkdirTemp("", "cometbench-webkit-"); err != nil {
		return nil, fmt.Errorf("make a profile: %w", err)
	}
	number := newLineWatch(screen)
	p.screen, err = child.Start(child.Config{
		Path: w.display, Args: []string{"-displayfd", "1", "-screen", "0", "1024x768x24", "-nolisten", "tcp", "-noreset"},
		Stdout: number, Grace: leaving,
	})
	if err != nil {
		return nil, err
	}
	select {
	case <-number.found:
	case <-p.screen.Done():
		return nil, fmt.Errorf("Xvfb ended at once: %s", p.screen.Stderr().LastLine())
	case <-ctx.Done():
		return nil, fmt.Errorf("wait for Xvfb: %w", context.Cause(ctx))
	}
	address, err := ports.Free()
	if err != nil {
		return nil, err
	}
	_, port, _ := net.SplitHostPort(address)
	p.driver, err = child.Start(child.Config{
		Path: w.driver, Args: []string{"--port=" + port}, Env: webkitEnv(number.match, p.dir, l.http2), Grace: leaving,
	})
	if err != nil {
		return nil, err
	}
	if err := ports.Wait(ctx, address, p.driver.Done()); err != nil {
		return nil, fmt.Errorf("wait for WebKitWebDriver: %w", err)
	}
	p.session = newWebdriver("http://" + address)
	args := []string{"--automation"}
	if l.proxy != "" {
		// Not by the driver's own capability, which is for http only.
		args = append(args, "--proxy="+l.proxy)
	}
	version, window, err := p.session.open(ctx, object{
		// It takes no authority of the run's own: with one it has to accept all.
		"acceptInsecureCerts":      l.insecure || l.roots != "",
		"webkitgtk:browserOptions": object{"binary": w.browser, "args": args},
	})
	if err != nil {
		return nil, err
	}
	p.version, p.window = "WebKitGTK/"+version, window
	return p, nil
}

// webkitEnv is our environment without its proxies and user, and with the
// display. Nobody asks the processor to draw more than it must.
func webkitEnv(display, dir string, http2 bool) []string {
	env := slices.DeleteFunc(os.Environ(), func(e string) bool {
		name, _, _ := strings.Cut(strings.ToLower(e), "=")
		return strings.HasSuffix(name, "_proxy") || name == "wayland_display" || name == "dbus_session_bus_address"
	})
	env = append(env,
		"DISPLAY=:"+display, "GDK_BACKEND=x11", "NO_AT_BRIDGE=1", "GTK_A11Y=none", "GIO_USE_VFS=local",
		"GSETTINGS_BACKEND=memory", "LIBGL_ALWAYS_SOFTWARE=1", "WEBKIT_DISABLE_COMPOSITING_MODE=1",
		"HOME="+dir, "XDG_CACHE_HOME="+dir, "XDG_DATA_HOME="+dir, "XDG_CONFIG_HOME="+dir, "XDG_RUNTIME_DIR="+dir, "TMPDIR="+dir,
	)
	if !http2 {
		env = append(env, "SOUP_FORCE_HTTP1=1")
	}
	return env
}
