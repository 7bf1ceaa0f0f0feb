package conference

import (
	_ "embed"
	"net/http"
	"strings"
	"unicode/utf8"

	"github.com/cometbench/cometbench/reference/demos/stage"
)

//go:embed chat.html
var chatPage string

const (
	maxName = 32  // characters
	maxText = 280 // characters
	kept    = 50  // lines that who comes later is shown
)

// line is what somebody said.
type line struct {
	Number int    `json:"number"`
	From   string `json:"from"`
	Text   string `json:"text"`
}

// talk is what was said in a room.
type talk struct {
	last  int
	lines []line // the newest
}

// NewChat makes the chat.
func NewChat(s *stage.Stage) (http.Handler, error) {
	return newDemo(s, chatPage, "chat", func() *talk { return &talk{} }, map[string]answer[*talk]{
		"say": func(room *talk, _ string, r request) (string, any, any) {
			from, text := strings.TrimSpace(r.From), strings.TrimSpace(r.Text)
			if from == "" || text == "" || utf8.RuneCountInString(from) > maxName || utf8.RuneCountInString(text) > maxText {
				return "", nil, map[string]string{"error": "want a name of at most 32 characters and a text of at most 280"}
			}
			return "said", room.say(from, text), nil
		},
		"all": func(room *talk, _ string, _ request) (string, any, any) {
			return "", nil, map[string]any{"all": append([]line{}, room.lines...)}
		},
	}, nil)
}

func (t *talk) say(from, text string) line {
	t.last++
	l := line{t.last, from, text}
	t.lines = append(t.lines, l)
	if len(t.lines) > kept {
		t.lines = append([]line(nil), t.lines[1:]...)
	}
	return l
}
