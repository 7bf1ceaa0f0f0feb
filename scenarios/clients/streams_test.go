package clients

import (
	"errors"
	"fmt"
	"slices"
	"strings"
	"testing"
)

func TestLineStreams(t *testing.T) {
	cases := []decoderCase{
		{name: "all kinds", wire: hello + "\n" + msg1 + "\n" + beat + "\n" + gap + "\n" + msg2 + "\n" + done + "\n",
			want: []string{helloItem, msg1Item, beatItem, gapItem, msg2Item, endItem}},
		{name: "prelude", wire: strings.Repeat(" ", 20) + "\n" + hello + "\n", want: []string{helloItem}},
		{name: "padding inside the line", wire: msg1 + "     \n" + msg2 + " \n", want: []string{msg1Item, msg2Item}},
		{name: "filled up with spaces", wire: done + "\n" + strings.Repeat(" ", 30), want: []string{endItem}},
		{name: "cut", wire: msg1 + "\n" + msg2[:20], want: []string{msg1Item}, err: ErrUnfinished, errText: "after 20 bytes"},
		{name: "no last line end", wire: msg1, err: ErrUnfinished},
		{name: "one malformed", wire: msg1 + "\noops\n" + msg2 + "\n",
			want: []string{msg1Item, "error message is not a JSON object: oops", msg2Item}},
		{name: "two in a line", wire: msg1 + msg2 + "\n" + msg2 + "\n",
			want: []string{"error message is not a JSON object: " + excerpt([]byte(msg1+msg2)), msg2Item}},
		{name: "an error page", wire: strings.Repeat("<p>\n", 10) + msg1 + "\n",
			want: slices.Repeat([]string{"error message is not a JSON object: <p>"}, maxStrikes), err: ErrNotFraming},
	}
	for _, technique := range []string{"xhr-streaming", "fetch-streaming", "forever-iframe-text", "early-close", "content-length-stream"} {
		t.Run(technique, func(t *testing.T) { runDecoder(t, technique, Params{}, cases) })
	}
}

func TestForeverIframe(t *testing.T) {
	script := func(arg string) string { return "<script>parent.cometbench(" + arg + ")</script>\n" }
	runDecoder(t, "forever-iframe", Params{}, []decoderCase{
		{name: "all kinds", wire: script(hello) + script(msg1) + script(beat) + script(gap) + script(msg2) + script(done),
			want: []string{helloItem, msg1Item, beatItem, gapItem, msg2Item, endItem}},
		{name: "prelude and padding", wire: "    \n" + script(hello) + script(msg1+"    "), want: []string{helloItem, msg1Item}},
		{name: "escaped end tag", wire: script(`{"channel":"c","id":"x-1","sent_us":1,"data":"<\/script>\u003c!--"}`),
			want: []string{`message id=x-1 ->x-1 sent=1 21 bytes "<\/script>\u003c!--"`}},
		{name: "end tag in a message", wire: script(`{"channel":"c","id":"x-1","sent_us":1,"data":"</script>"}`) + script(msg2),
			want: []string{
				`error script does not call parent.cometbench(…): parent.cometbench({"channel":"c","id":"x-1","sent_us":1,"data":"`,
				`error bytes outside a script: "})</script>`,
				msg2Item}},
		{name: "other end tag in a message", wire: script(`{"channel":"c","id":"x-1","sent_us":1,"data":"</p>"}`) + script(msg2),
			want: []string{`error script contains </ or <!-- unescaped: parent.cometbench({"channel":"c","id":"x-1","sent_us":1,"data":"</p>"})`, msg2Item}},
		{name: "another function", wire: "<script>parent.other(" + msg1 + ")</script>" + script(msg2),
			want: []string{"error script does not call parent.cometbench(…): " + excerpt([]byte("parent.other("+msg1+")")), msg2Item}},
		{name: "injected markup", wire: script(msg1) + "<scr<script src=x></script><b>hi</b>" + script(msg2),
			want: []string{msg1Item, "error bytes outside a script: <scr<script src=x></script><b>hi</b>", msg2Item}},
		{name: "long injected markup", wire: strings.Repeat("x", 100) + script(msg2),
			want: []string{"error bytes outside a script: " + strings.Repeat("x", straySample), msg2Item}},
		{name: "cut in a script", wire: script(msg1) + "<script>parent.comet", want: []string{msg1Item}, err: ErrUnfinished},
		{name: "cut in a tag", wire: script(msg1) + "<scr", want: []string{msg1Item}, err: ErrUnfinished},
		{name: "malformed", wire: script("{") + script(msg1), want: []string{"error message is not a JSON object: {", msg1Item}},
	})
}

func TestHtmlfile(t *testing.T) {
	space := strings.Repeat(" ", 256)
	runDecoder(t, "htmlfile", Params{Callback: "f"}, []decoderCase{
		{name: "two", wire: space + "<script>parent.f(" + hello + ")</script>\n<script>parent.f(" + msg1 + ")</script>\n",
			want: []string{helloItem, msg1Item}},
		{name: "too little before it", wire: space[:255] + "<script>parent.f(" + msg1 + ")</script>\n",
			want: []string{"error 255 bytes before the first script, want at least 256", msg1Item}},
	})
}

func TestWebsocketMessages(t *testing.T) {
	got, err := decode(t, "websocket", Params{}, hello, msg1, "nonsense", gap, done)
	want := []string{helloItem, msg1Item, "error message is not a JSON object: nonsense", gapItem, endItem}
	if err != nil || strings.Join(got, "\n") != strings.Join(want, "\n") {
		t.Fatalf("got %q, %v", got, err)
	}
	if _, err := decode(t, "websocket", Params{}, strings.Repeat(" ", MaxMessage+1)); !errors.Is(err, ErrTooLong) {
		t.Fatalf("got %v", err)
	}
}

func TestStreamsAreBounded(t *testing.T) {
	multipart := Params{ContentType: "multipart/mixed; boundary=b"}
	for _, c := range []struct {
		technique string
		params    Params
		start     string
	}{
		{"xhr-streaming", Params{}, "{"},
		{"forever-iframe", Params{}, "<script>"},
		{"multipart", multipart, "--b\r\n\r\n"},
		{"multipart", multipart, "--b\r\nX: "},
		{"eventsource", Params{}, "data: "},
		{"eventsource", Params{}, ": "},
	} {
		t.Run(c.technique, func(t *testing.T) {
			dec, err := NewDecoder(c.technique, c.params)
			if err != nil {
				t.Fatal(err)
			}
			piece := []byte(strings.Repeat("x", 1<<20))
			err = dec.Feed([]byte(c.start), nil)
			for i := 0; i <= MaxMessage/len(piece) && err == nil; i++ {
				err = dec.Feed(piece, nil)
			}
			if !errors.Is(err, ErrTooLong) {
				t.Fatalf("got %v", err)
			}
			if again := dec.Feed([]byte("\n"), nil); again != err {
				t.Fatalf("the error did not stay: %v", again)
			}
		})
	}
	_, err := decode(t, "multipart", multipart, fmt.Sprintf("--b\r\nContent-Length: %d\r\n\r\n", MaxMessage+1))
	if !errors.Is(err, ErrTooLong) {
		t.Fatalf("got %v", err)
	}
}

// Space that is no message must not fill memory either: a stream with a
// declared length ends in megabytes of it.
func TestSpaceIsNotKept(t *testing.T) {
	for _, technique := range []string{"content-length-stream", "forever-iframe"} {
		dec, _ := NewDecoder(technique, Params{})
		piece := []byte(strings.Repeat(" ", 1<<20))
		for range MaxMessage/len(piece) + 1 {
			if err := dec.Feed(piece, nil); err != nil {
				t.Fatal(err)
			}
		}
		if err := dec.End(nil); err != nil {
			t.Fatal(err)
		}
	}
}
