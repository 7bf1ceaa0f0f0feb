package real_test

import (
	"fmt"
	"os"
	"strings"
	"testing"

	"github.com/cometbench/cometbench/proxies"
	"github.com/cometbench/cometbench/proxies/initiator"
)

// "Proxies treat an iframe's request differently from XHR": the same URL, type
// and bytes are asked for with the fields of the one and of the other, and what
// the origin was asked and the client was given are compared.

// comparer starts p in front of an origin of its own, both for the length of
// the test, and returns what compares a stream of a type by an engine, and the
// version of p.
func comparer(t *testing.T, p proxies.Proxy) (compare func(media string, e initiator.Engine) string, version string) {
	t.Helper()
	c, err := initiator.Start(t.Context(), p)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		if err := c.Close(); err != nil {
			t.Error(err)
		}
	})
	return func(media string, e initiator.Engine) string {
		got, err := c.Difference(media, e)
		if err != nil {
			t.Errorf("%s, %s, %s: %v", p.Name(), media, e.Name, err)
		}
		return got
	}, c.Version()
}

// A path that does treat them apart is found out, with the field it does it by.
func TestIframeAndXHRToldApart(t *testing.T) {
	t.Parallel()
	for spec, want := range map[string]string{
		"transparent": "",
		"fault:buffer(until=close,if=header:Sec-Fetch-Dest=iframe)": "pace",
		"fault:header(strip=X-Requested-With,request)":              "lost fields, by X-Requested-With",
	} {
		t.Run(spec, func(t *testing.T) {
			t.Parallel()
			p, err := proxies.Parse(spec, proxies.ParseOptions{})
			if err != nil {
				t.Fatal(err)
			}
			compare, _ := comparer(t, p)
			got := compare("text/html", initiator.Engines()[0])
			if (want == "") != (got == "") || !strings.Contains(got, want) || want == "pace" && !strings.HasSuffix(got, "by Sec-Fetch-Dest") {
				t.Errorf("%q, want %q", got, want)
			}
		})
	}
}

// The real programs, all of them: make iframe, which writes the table.
func TestIframeOrXHR(t *testing.T) {
	file := os.Getenv("COMETBENCH_IFRAME")
	if file == "" {
		t.Skip("COMETBENCH_IFRAME is not set; make iframe sets it")
	}
	var rows []string
	found := 0
	each(t, func(t *testing.T, p proxies.Proxy) {
		compare, version := comparer(t, p)
		row := fmt.Sprintf("| `%s` | %s |", p.Name(), version)
		for _, media := range []string{"text/html", "text/plain", "text/event-stream"} {
			var said []string
			for _, e := range initiator.Engines() {
				if d := compare(media, e); d != "" {
					said, found = append(said, e.Name+": "+d), found+1
				}
			}
			if len(said) == 0 {
				said = []string{"the same"}
			}
			row += " " + strings.Join(said, "; ") + " |"
		}
		t.Log(row)
		rows = append(rows, row)
	})
	if err := os.WriteFile(file, []byte(iframeTable(rows, found)), 0o644); err != nil {
		t.Fatal(err)
	}
}

func iframeTable(rows []string, found int) string {
	answer := "None of these programs does: whatever they do to a stream they do to both."
	if found > 0 {
		answer = fmt.Sprintf("In %d of the combinations below there is a difference, and the field it hangs on is named.", found)
	}
	return `# Do proxies treat an iframe's request differently from an XMLHttpRequest?

` + answer + `

The same URL was asked for through each program with the fields that Chromium 156 and Firefox 153 send when an iframe navigates to it, and with
those that they send for an XMLHttpRequest (Accept, Sec-Fetch-Mode, Sec-Fetch-Dest, Upgrade-Insecure-Requests, Priority, and the X-Requested-With of
libraries). The origin gave the same bytes with the same type, in lock-step with what arrived. Compared were: what the origin was asked, which
of the client's fields it got, the head of the answer, whether each message came before the next was written, and the body. A difference counts
when it shows three times; then the fields are exchanged one by one. What does differ between the two techniques is the media type that they
receive, and by the type programs do tell streams apart (see fidelity.md). ` + "`make iframe`" + ` writes this table.

| program | version | text/html | text/plain | text/event-stream |
|---|---|---|---|---|
` + strings.Join(rows, "\n") + "\n"
}
