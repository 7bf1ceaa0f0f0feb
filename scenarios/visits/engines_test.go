package visits

import (
	"context"
	"maps"
	"net/url"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/cometbench/cometbench/internal/child"
	"github.com/cometbench/cometbench/scenarios/measure"
)

// Browsers that nobody drives: they are started with the page's address, which
// says that it is to begin by itself.

func TestFirefox(t *testing.T) {
	t.Parallel()
	binary := installed(t, "firefox-esr", "firefox-esr", "firefox")
	directAndBuffered(t, "firefox-", func(t *testing.T, page string) child.Config {
		profile := t.TempDir()
		prefs := `user_pref("services.settings.server", "data:,"); user_pref("app.update.enabled", false); user_pref("network.proxy.type", 0);` +
			`user_pref("datareporting.policy.dataSubmissionEnabled", false); user_pref("browser.aboutwelcome.enabled", false);`
		must(t, os.WriteFile(filepath.Join(profile, "user.js"), []byte(prefs), 0o600))
		return child.Config{Path: binary, Args: []string{"--headless", "--no-remote", "--profile", profile, page},
			Env: append(os.Environ(), "MOZ_REMOTE_SETTINGS_DEVTOOLS=1", "HOME="+profile)}
	})
}

func TestWebKit(t *testing.T) {
	t.Parallel()
	screen := installed(t, "xvfb", "xvfb-run")
	installed(t, "xauth", "xauth")
	browser := installed(t, "libwebkit2gtk-4.1-0", "/usr/lib/x86_64-linux-gnu/webkit2gtk-4.1/MiniBrowser", "/usr/lib/aarch64-linux-gnu/webkit2gtk-4.1/MiniBrowser")
	directAndBuffered(t, "safari-", func(t *testing.T, page string) child.Config {
		return child.Config{Path: screen, Args: []string{"-a", browser, page}, Env: append(os.Environ(), "HOME="+t.TempDir())}
	})
}

// installed finds one of some programs or skips the test.
func installed(t *testing.T, debianPackage string, programs ...string) string {
	t.Helper()
	for _, p := range programs {
		if found, err := exec.LookPath(p); err == nil {
			return found
		}
	}
	t.Skipf("%s is not installed; apt-get install %s brings it", programs[0], debianPackage)
	return ""
}

// directAndBuffered has one browser visit a site straight, another one through
// a buffer, at the same time.
func directAndBuffered(t *testing.T, label string, command func(t *testing.T, page string) child.Config) {
	config := Config{Techniques: []string{"websocket", "eventsource", "long-poll"}}
	direct, buffered := newSite(t, config), newSite(t, config)
	browse(t, command, direct.url)
	browse(t, command, buffered.through(t, "fault:buffer(until=close)"))
	for s, streams := range map[*site]measure.Verdict{direct: measure.Works, buffered: measure.Broken} {
		got := map[string]measure.Verdict{}
		run := s.await(t)
		for _, c := range run.Cells {
			got[c.Technique] = c.Verdict
			if !strings.HasPrefix(c.Client, "visitor:"+label) {
				t.Errorf("client %s", c.Client)
			}
		}
		if want := map[string]measure.Verdict{"websocket": measure.Works, "long-poll": measure.Works, "eventsource": streams}; !maps.Equal(got, want) {
			t.Errorf("%v, want %v", got, want)
		}
	}
}

// browse opens the page in a browser that lives as long as the test.
func browse(t *testing.T, command func(t *testing.T, page string) child.Config, at *url.URL) {
	t.Helper()
	page := at.JoinPath("self-test")
	page.Fragment = "start"
	p, err := child.Start(command(t, page.String()))
	must(t, err)
	t.Cleanup(func() {
		if err := p.Stop(context.Background()); err != nil {
			t.Log(err)
		}
	})
}

// await waits for the one visit to end and reads it.
func (s *site) await(t *testing.T) *measure.Run {
	t.Helper()
	look := time.NewTicker(100 * time.Millisecond)
	defer look.Stop()
	limit := time.NewTimer(2 * time.Minute)
	defer limit.Stop()
	for {
		if names := newestFirst(s.cfg.Dir); len(names) == 1 {
			if run, err := measure.Read(filepath.Join(s.cfg.Dir, names[0])); err == nil && run.End != nil {
				return run
			}
		}
		select {
		case <-look.C:
		case <-limit.C:
			t.Fatalf("no visit has ended: %v", newestFirst(s.cfg.Dir))
		}
	}
}
