package ajp

import (
	"bufio"
	"bytes"
	"encoding/hex"
	"errors"
	"net/http"
	"os"
	"path/filepath"
	"reflect"
	"strings"
	"testing"
)

func TestParseForward(t *testing.T) {
	full := []byte{codeForwardRequest, methodStored}
	for _, text := range []string{"HTTP/1.1", "/a%20b", "127.0.0.1", "client"} {
		full = appendText(full, text)
	}
	full = append(appendInteger(appendText(full, "server"), 8080), 1)
	full = appendText(appendInteger(appendInteger(full, 2), 0xa00b), "host:1")
	full = appendText(appendText(full, "x-odd"), "")
	full = appendText(append(full, attributeQuery), "")
	full = appendText(appendText(append(full, attributeNamed), "AJP_REMOTE_PORT"), "1")
	full = appendInteger(append(full, attributeKeySize), 256)
	full = appendText(append(full, 0x0c), "secret")
	full = appendText(append(full, attributeStoredMethod), "PATCH")
	full = append(full, attributesEnd)
	want := &forward{method: "PATCH", uri: "/a%20b", hasQuery: true, server: "server:8080",
		header: http.Header{"Host": {"host:1"}, "X-Odd": {""}}}
	if got, err := parseForward(full); err != nil || !reflect.DeepEqual(got, want) {
		t.Errorf("got %+v, %v; want %+v", got, err, want)
	}
	for n := range full { // each beginning of it
		if got, err := parseForward(full[:n]); err == nil {
			t.Errorf("%d bytes of %d are taken for %+v", n, len(full), got)
		}
	}
	for name, spoiled := range map[string]func(b []byte){
		"a header code that is none": func(b []byte) { i := bytes.Index(b, []byte{0xa0, 0x0b}); b[i+1] = 0x0f },
		"an attribute that is none":  func(b []byte) { b[len(b)-1] = 0x0e },
		"a string without its zero":  func(b []byte) { i := bytes.Index(b, []byte("HTTP/1.1")); b[i+8] = 'x' },
	} {
		b := bytes.Clone(full)
		spoiled(b)
		if got, err := parseForward(b); err == nil {
			t.Errorf("%s is taken for %+v", name, got)
		}
	}
}

func TestSendHeadersFitOnePacket(t *testing.T) {
	for n, fits := range map[int]bool{maxPayload - 16: true, maxPayload - 15: false, 70000: false} {
		// code, status, reason, count, coded name, length, zero: 1+2+3+2+2+2+1
		p, err := appendSendHeaders(nil, 200, "", http.Header{"Location": {strings.Repeat("x", n+3)}})
		if fits != (err == nil) || err == nil && len(p) != maxPacket || err != nil && !errors.Is(err, errHead) {
			t.Errorf("%d bytes: packet of %d, %v", n, len(p), err)
		}
	}
}

// Whatever comes is read within its bounds, and what is taken for a request
// can be asked.
func FuzzPackets(f *testing.F) {
	files, err := filepath.Glob("testdata/wire/*.txt")
	if err != nil {
		f.Fatal(err)
	}
	for _, file := range files {
		record, err := os.ReadFile(file)
		if err != nil {
			f.Fatal(err)
		}
		for line := range strings.Lines(string(record)) {
			if strings.HasPrefix(line, ">") {
				packet, err := hex.DecodeString(strings.TrimSpace(line[2:]))
				if err != nil {
					f.Fatal(err)
				}
				f.Add(packet)
			}
		}
	}
	f.Fuzz(func(t *testing.T, stream []byte) {
		r := bufio.NewReader(bytes.NewReader(stream))
		for {
			payload, err := readPacket(r, func() error { return nil })
			if err != nil {
				return
			}
			if len(payload) > maxPayload {
				t.Fatalf("a payload of %d bytes", len(payload))
			}
			if data, err := bodyOf(payload); err == nil && len(data) > maxBodyChunk {
				t.Fatalf("a piece of %d bytes", len(data))
			}
			q, err := parseForward(payload)
			if err != nil {
				continue
			}
			req, err := q.request(t.Context(), origin)
			if err != nil {
				continue
			}
			if req.URL.Host != origin.Host || req.URL.Scheme != "http" {
				t.Fatalf("%q is asked at %v", q.uri, req.URL)
			}
		}
	})
}
