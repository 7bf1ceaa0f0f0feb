package clients

import (
	"errors"
	"strings"
	"testing"
)

// fuzzParams are parameters under which each framing can be decoded.
var fuzzParams = map[string]Params{
	"long-poll":      {},
	"piggyback":      {RequestBytes: 5},
	"callback-poll":  {Callback: "f"},
	"xhr-streaming":  {},
	"forever-iframe": {},
	"htmlfile":       {Callback: "f"},
	"multipart":      mixed,
	"eventsource":    {},
}

// fuzzDecoder holds that a decoder does not panic, and that its items and its
// error do not depend on how the bytes are split.
func fuzzDecoder(f *testing.F, technique string, seeds ...string) {
	fuzzDecoderWith(f, technique, fuzzParams[technique], seeds...)
}

func fuzzDecoderWith(f *testing.F, technique string, p Params, seeds ...string) {
	for i, s := range seeds {
		f.Add([]byte(s), uint64(i)*0x9E3779B97F4A7C15)
	}
	f.Fuzz(func(t *testing.T, wire []byte, split uint64) {
		want, wantErr := decode(t, technique, p, string(wire))
		for _, pieces := range [][]string{cutUp(string(wire), split), bytesOf(string(wire))} {
			got, err := decode(t, technique, p, pieces...)
			if strings.Join(got, "\n") != strings.Join(want, "\n") {
				t.Fatalf("whole:\n%s\nin %d pieces:\n%s", strings.Join(want, "\n"), len(pieces), strings.Join(got, "\n"))
			}
			for _, is := range []error{ErrUnfinished, ErrNotFraming, ErrTooLong} {
				if errors.Is(err, is) != errors.Is(wantErr, is) {
					t.Fatalf("whole: %v, in %d pieces: %v", wantErr, len(pieces), err)
				}
			}
			if (err == nil) != (wantErr == nil) {
				t.Fatalf("whole: %v, in %d pieces: %v", wantErr, len(pieces), err)
			}
		}
	})
}

// cutUp splits s into pieces of 1 to 16 bytes, as the bits of how say.
func cutUp(s string, how uint64) []string {
	var out []string
	for len(s) > 0 {
		n := min(int(how&15)+1, len(s))
		out = append(out, s[:n])
		s = s[n:]
		how = how>>4 | how<<60
	}
	return out
}

func FuzzArray(f *testing.F) {
	fuzzDecoder(f, "long-poll", "[]", "["+msg1+","+gap+"]", "["+msg1)
}

func FuzzPiggyback(f *testing.F) {
	fuzzDecoder(f, "piggyback", `{"reply":5,"messages":[`+msg1+`]}`, `{"reply":5}`)
}

func FuzzCallback(f *testing.F) {
	fuzzDecoder(f, "callback-poll", "/**/f(["+msg1+"]);", "/**/f([]);")
}

func FuzzLines(f *testing.F) {
	fuzzDecoder(f, "xhr-streaming", hello+"\n"+msg1+"  \n", "   \n\n"+done+"\n    ", "x\ny\n")
}

func FuzzForeverIframe(f *testing.F) {
	fuzzDecoder(f, "forever-iframe", "  <script>parent.cometbench("+msg1+")</script>\n", "<scr<script>x</script></", strings.Repeat("<b>", 40))
}

func FuzzHtmlfile(f *testing.F) {
	fuzzDecoder(f, "htmlfile", strings.Repeat(" ", 256)+"<script>parent.f("+msg1+")</script>\n")
}

func FuzzMultipart(f *testing.F) {
	fuzzDecoder(f, "multipart", "--b=1\r\n"+part(msg1)+unsized(msg2), "pre\r\n--b=1--\r\n", "--b=1\n\n"+msg1+"\n--b=1 \n")
}

func FuzzEventSource(f *testing.F) {
	fuzzDecoder(f, "eventsource", event(msg1, "e1-1"), byteOrderMark+"data:x\r\rid\r\n\n", ": c\nretry: 5\nevent: control\ndata: "+done+"\n\n", "data: \xe2\x82\n\n")
}
