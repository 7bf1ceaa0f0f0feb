package scenarios

import (
	"bytes"
	"encoding/json"
	"fmt"
	"strings"

	"github.com/cometbench/cometbench/scenarios/measure"
)

// The payloads of the integrity trial: what framings, proxies and filters are
// known to trip over, by kind. Each goes in every form that can carry it.

const (
	asText   = "text/plain"
	asJSON   = "application/json"
	asBinary = "application/octet-stream"
)

// longLine is the length of the longest line: below the least limit of a whole
// response that is in use anywhere (65,536 bytes), in base64 too.
const longLine = 40_000

// breakers are texts that end, begin or escape from something when they are
// taken for framing, by kind.
func breakers() map[string][]string {
	return map[string][]string{
		"line ends":     {"a\nb", "a\rb", "a\r\nb", "\n\n", "\r\n\r\n", "\n", "a\u0085b", "a\vb\fc"},
		"separators":    {"a\u2028b\u2029c", "\u2028"},
		"scripts":       {"</script>", "</SCRIPT >", "<script>", "<!--", "-->", "<!--<script>", "]]>", "<![CDATA[", "</body></html>"},
		"calls":         {");alert(1);//", "*/ /*", "');", "\\", "\\u003c", `\"`, "`${1}`"},
		"event streams": {"data: x", "\ndata: x\n\n", "event: control", "\nid: 0\n", ": heartbeat", "retry: 1", "data:"},
		"boundaries":    {"--cometbench", "\r\n--cometbench--\r\n", "\r\n--", "Content-Type: text/plain\r\n\r\n"},
		"chunks":        {"0\r\n\r\n", "\r\n5\r\nhello\r\n0\r\n\r\n", "HTTP/1.1 200 OK\r\nContent-Length: 0\r\n\r\n"},
		"json":          {`"}]}`, `{"control":"end","reason":"terminated"}`, `],"x":[`, "null", "\ufeff{}"},
		"markup":        {"&lt;&amp;&quot;&#0;", "<b>\u00e9</b>", "%00%0a", "+ %2B", "=?utf-8?q?x?="},
		"spaces":        {"", " ", "\t", "  leading and trailing  ", "a        b", strings.Repeat(" ", 5_000)},
		"unicode":       {"\u00e9 e\u0301", "\u65e5\u672c\u8a9e", "\U0001f600\U0001f468\u200d\U0001f469", "\u202e\u200f", "\ufffd\uffff\U0010ffff"},
		"long lines":    {strings.Repeat("x", longLine), strings.Repeat("<", 9_000)},
	}
}

// breakerKinds lists the kinds in a fixed order.
var breakerKinds = []string{
	"line ends", "separators", "scripts", "calls", "event streams", "boundaries", "chunks", "json", "markup", "spaces", "unicode", "long lines",
}

// payloads are all messages of the integrity trial: the texts of each kind as
// one message of text and one of JSON for each text, and what only one form can
// carry.
func payloads() ([]payload, error) {
	var out []payload
	var failed error
	add := func(kind, contentType string, body []byte) {
		p := payload{kind: kind, contentType: contentType, body: body}
		var err error
		switch contentType {
		case asText:
			value, merr := json.Marshal(string(body))
			if err = merr; err == nil {
				p.sum, err = measure.SumJSON(value)
			}
		case asJSON:
			p.sum, err = measure.SumJSON(body)
		default:
			p.sum = measure.SumBytes(body)
		}
		if err != nil && failed == nil {
			failed = fmt.Errorf("payload of %s: %w", kind, err)
		}
		out = append(out, p)
	}
	texts := breakers()
	for _, kind := range breakerKinds {
		for _, text := range texts[kind] {
			add(kind, asText, []byte(text))
		}
		all, err := marshal(texts[kind])
		if err != nil {
			return nil, err
		}
		add(kind, asJSON, all)
	}
	add("bytes", asBinary, everyByte())
	add("bytes", asBinary, bytes.Repeat([]byte{0}, 300))
	add("bytes", asBinary, bytes.Repeat([]byte{0xff}, 301))
	add("bytes", asBinary, []byte{0x1f, 0x8b, 8, 0, 0, 0, 0, 0}) // the head of a gzip file
	add("bytes", asBinary, []byte{0x81, 5, 'f', 'r', 'a', 'm', 'e'})
	add("bytes", asBinary, nil)
	add("bytes", asText, everyCharacter())
	add("json", asJSON, []byte(`"\u0000\u0008\u001f\u007f\u2028\ud83d\ude00\/\u003c"`))
	for _, value := range []string{`""`, `null`, `[]`, `{}`, `{"":{"":[[]]}}`, `-0.0e-0`, `123456789012345678901234567890.5`, `1E400`} {
		add("json", asJSON, []byte(value))
	}
	add("json", asJSON, []byte(strings.Repeat("[", 200)+strings.Repeat("]", 200)))
	return out, failed
}

// marshal writes texts as one JSON array, unescaped as far as JSON allows.
func marshal(texts []string) ([]byte, error) {
	var out bytes.Buffer
	enc := json.NewEncoder(&out)
	enc.SetEscapeHTML(false)
	if err := enc.Encode(texts); err != nil {
		return nil, fmt.Errorf("payload: %w", err)
	}
	return out.Bytes(), nil
}

// everyByte is each byte value once, then once more from the end.
func everyByte() []byte {
	out := make([]byte, 0, 512)
	for i := range 256 {
		out = append(out, byte(i))
	}
	for i := range 256 {
		out = append(out, byte(255-i))
	}
	return out
}

// everyCharacter is each character of ASCII, and of UTF-8 each byte value that
// can stand in it.
func everyCharacter() []byte {
	var out []byte
	for i := range 0x80 {
		out = append(out, byte(i))
	}
	for i := range 3 * (0xe0 - 0xc2) { // each lead of two bytes, with each continuation byte in turn
		out = append(out, byte(0xc2+i/3), byte(0x80+i%0x40))
	}
	for _, r := range []rune{0x800, 0x1000, 0x2fff, 0x3fbf, 0x4000, 0x5abf, 0x6000, 0x7001, 0x8002, 0x9003, 0xa004, 0xb005, 0xc006, 0xd007, 0xe008, 0xf009, 0x10000, 0x40abc, 0x8dead, 0xc0ffe, 0x100fff} {
		out = append(out, string(r)...)
	}
	return out
}
