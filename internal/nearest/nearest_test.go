package nearest_test

import (
	"fmt"
	"strings"
	"testing"

	"github.com/cometbench/cometbench/internal/nearest"
)

func ExampleName() {
	name, ok := nearest.Name("evntsource", []string{"websocket", "eventsource", "multipart"})
	fmt.Println(name, ok)
	// Output: eventsource true
}

func TestName(t *testing.T) {
	techniques := []string{
		"short-poll", "long-poll", "callback-poll", "xhr-streaming", "fetch-streaming",
		"forever-iframe", "forever-iframe-text", "multipart", "eventsource", "websocket",
	}
	for _, tt := range []struct {
		word, want string
		known      []string
	}{
		{"websockets", "websocket", techniques},
		{"WebSocket", "websocket", techniques},
		{"longpoll", "long-poll", techniques},
		{"xhr-stream", "xhr-streaming", techniques},
		{"forever_iframe", "forever-iframe", techniques},
		{"forever", "forever-iframe", techniques}, // the shortest of two completions
		{"fetch", "fetch-streaming", techniques},
		{"ngnix", "", []string{"haproxy"}},
		{"ngnix", "nginx", []string{"haproxy", "nginx"}},
		{"ngixn", "nginx", []string{"haproxy", "nginx"}},
		{"nginz", "nginx", []string{"haproxy", "nginx"}},
		{"ab", "aa", []string{"aa", "bb"}}, // equally near: the first
		{"mqtt", "", techniques},
		{"fe", "", techniques}, // two letters begin too much
		{"", "", techniques},
		{"websocket", "", nil},
		{"größe", "grösse", []string{"grösse"}},
		{strings.Repeat("a", 1<<20), "", techniques},
	} {
		got, ok := nearest.Name(tt.word, tt.known)
		if got != tt.want || ok != (tt.want != "") {
			t.Errorf("Name(%.20q) = %q, %v; want %q", tt.word, got, ok, tt.want)
		}
	}
}
