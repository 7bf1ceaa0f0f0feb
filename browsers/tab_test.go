package browsers

import (
	"context"
	"errors"
	"net/http"
	"net/http/httptest"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/cometbench/cometbench/scenarios/measure"
)

const tabPage = `<!doctype html><title>t</title><link rel="icon" href="data:,"><input id="i"><script>
var downs = [];
addEventListener('keydown', e => downs.push('+' + e.key));
addEventListener('keyup', e => downs.push('-' + e.key));
</script>`

// pageServer serves a page at /, an error at /gone, half an answer at /half.
func pageServer(t *testing.T) *httptest.Server {
	t.Helper()
	s := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		switch r.URL.Path {
		case "/gone":
			http.Error(w, "gone", http.StatusGone)
		case "/half":
			w.Header().Set("Content-Length", "1000")
			_, _ = w.Write(make([]byte, 500))
			panic(http.ErrAbortHandler)
		case "/cookie":
			http.SetCookie(w, &http.Cookie{Name: "c", Value: "1", Path: "/"})
		default:
			w.Header().Set("Content-Type", "text/html")
			_, _ = w.Write([]byte(tabPage))
		}
	}))
	t.Cleanup(s.Close)
	return s
}

func openTab(t *testing.T, url string) measure.Tab {
	t.Helper()
	tab, err := sharedChromium(t).Open(within(t), measure.Target{URL: url})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		if err := tab.Close(); err != nil {
			t.Error(err)
		}
	})
	return tab
}

func TestTabIsUsedByKeyboard(t *testing.T) {
	tab, ctx := openTab(t, pageServer(t).URL), within(t)
	for _, err := range []error{
		tab.Eval(ctx, "$ = document.getElementById('i'), $.focus()", nil),
		tab.Type(ctx, "ab"), tab.Press(ctx, "Enter"), tab.Hold(ctx, "ArrowDown"),
	} {
		if err != nil {
			t.Fatal(err)
		}
	}
	var value string
	var downs []string
	if err := tab.Eval(ctx, "$.value", &value); err != nil || value != "ab" {
		t.Errorf("typed %q, %v", value, err)
	}
	if err := tab.Eval(ctx, "downs", &downs); err != nil || !slices.Equal(downs[len(downs)-3:], []string{"+Enter", "-Enter", "+ArrowDown"}) {
		t.Errorf("keys %q, %v", downs, err)
	}
	if err := tab.Press(ctx, "F13"); err == nil {
		t.Error("a key that nobody knows was pressed")
	}
}

func TestTabEvaluates(t *testing.T) {
	tab, ctx := openTab(t, pageServer(t).URL), within(t)
	var n int
	if err := tab.Eval(ctx, "new Promise(done => setTimeout(() => done(7), 5))", &n); err != nil || n != 7 {
		t.Errorf("%d, %v", n, err)
	}
	if err := tab.Eval(ctx, "nobody.knows", nil); err == nil || !strings.Contains(err.Error(), "nobody") {
		t.Errorf("an exception: %v", err)
	}
	short, cancel := context.WithTimeout(ctx, 50*time.Millisecond)
	defer cancel()
	if err := tab.Until(short, "false"); !errors.Is(err, context.DeadlineExceeded) {
		t.Errorf("what never was: %v", err)
	}
	if err := tab.Until(ctx, "true"); err != nil {
		t.Errorf("the tab is of no use after that: %v", err)
	}
}

func TestTabTellsOfTrouble(t *testing.T) {
	s := pageServer(t)
	tab, ctx := openTab(t, s.URL), within(t)
	other := strings.Replace(s.URL, "127.0.0.1", "localhost", 1)
	if err := tab.Eval(ctx, `(async () => {
		console.error('oh', 'dear');
		setTimeout(() => { throw new Error('thrown'); });
		await fetch('/gone');
		await fetch('/half').then(r => r.text()).catch(() => 0);
		await fetch('`+other+`/', {mode: 'no-cors'});
	})()`, nil); err != nil {
		t.Fatal(err)
	}
	// The protocol's events come when they come.
	var tr measure.Trouble
	for ctx.Err() == nil {
		if tr = tab.Trouble(); len(tr.Complaints) >= 4 && len(tr.Breaks) == 1 && len(tr.Foreign) == 1 {
			break
		}
		if err := tab.Eval(ctx, "new Promise(done => setTimeout(() => done(0), 10))", nil); err != nil {
			t.Fatal(err)
		}
	}
	all := strings.Join(tr.Complaints, "\n")
	if !strings.Contains(all, `"oh" "dear"`) || !strings.Contains(all, "thrown") || !strings.Contains(all, "410") {
		t.Errorf("complaints:\n%s", all)
	}
	if !slices.Equal(tr.Refused, []int{410}) || len(tr.Breaks) != 1 || !strings.HasSuffix(tr.Breaks[0].URL, "/half") || tr.Breaks[0].Error == "" {
		t.Errorf("refused %v, breaks %+v", tr.Refused, tr.Breaks)
	}
	if len(tr.Foreign) != 1 || !strings.HasPrefix(tr.Foreign[0], other) {
		t.Errorf("foreign %q", tr.Foreign)
	}
}

func TestTabsBesideShareCookies(t *testing.T) {
	s, ctx := pageServer(t), within(t)
	one, alone := openTab(t, s.URL), openTab(t, s.URL)
	if err := one.Eval(ctx, "fetch('/cookie').then(() => 0)", nil); err != nil {
		t.Fatal(err)
	}
	two, err := one.Beside(ctx, s.URL)
	if err != nil {
		t.Fatal(err)
	}
	for tab, want := range map[measure.Tab]string{two: "c=1", alone: ""} {
		var cookie string
		if err := tab.Eval(ctx, "document.cookie", &cookie); err != nil || cookie != want {
			t.Errorf("cookie %q, want %q; %v", cookie, want, err)
		}
	}
	if err := two.Close(); err != nil {
		t.Error(err)
	}
	if err := one.Until(ctx, "true"); err != nil {
		t.Errorf("the first tab ended with the second: %v", err)
	}
}

func TestOpenSaysWhatCameInsteadOfAPage(t *testing.T) {
	s := pageServer(t)
	if _, err := sharedChromium(t).Open(within(t), measure.Target{URL: s.URL + "/gone"}); err == nil || !strings.Contains(err.Error(), "410") {
		t.Errorf("%v", err)
	}
	if _, err := sharedChromium(t).Open(within(t), measure.Target{URL: "http://127.0.0.1:1/"}); err == nil {
		t.Error("a page came from nowhere")
	}
}
