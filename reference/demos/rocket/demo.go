package rocket

import (
	"context"
	_ "embed"
	"net/http"
	"time"

	"github.com/cometbench/cometbench/reference/demos/stage"
)

//go:embed page.html
var page string

// tick is the payload that the page declares.
type tick struct {
	number int
	text   string
}

func (tick) TypeName() string { return "demo.Tick/1" }
func (t tick) Fields() []any  { return []any{t.number, t.text} }

// stray is a payload that the page does not declare.
type stray struct{ tick }

func (stray) TypeName() string { return "demo.Stray/1" }

// strayEvery is which of the ticks is replaced by a stray.
const strayEvery = 7

// New makes the demo: a page, the servlet that pushes a tick each second, and
// a way to have the server terminate.
func New(s *stage.Stage) (http.Handler, error) {
	servlet, err := NewServlet(s, Config{
		MaximumBytesWritten: 65536, ConnectionTimeout: time.Minute, Heartbeat: 10 * time.Second, Poll: poll,
	})
	if err != nil {
		return nil, err
	}
	frame, err := s.Page(page, func(*http.Request) any {
		return map[string]any{"session": stage.NewID(), "quiet": s.Time(25 * time.Second).Milliseconds(), "retry": s.Time(time.Second).Milliseconds()}
	})
	if err != nil {
		return nil, err
	}
	mux := http.NewServeMux()
	mux.Handle(s.Path, frame)
	mux.Handle(s.Path+"comet", servlet)
	mux.HandleFunc(s.Path+"terminate", servlet.serveTerminate)
	return mux, nil
}

// poll pushes the time of the server, and now and then something else.
func poll(_ context.Context, c *Connection) {
	n := c.Polls()
	t := tick{n, time.Now().UTC().Format(time.TimeOnly)}
	if n%strayEvery == 0 {
		_ = c.Push(stray{t}) // a session that is over has no more polls either
		return
	}
	_ = c.Push(t)
}

func (s *Servlet) serveTerminate(w http.ResponseWriter, r *http.Request) {
	session := r.URL.Query().Get("session")
	switch {
	case !stage.Allow(w, r, http.MethodPost):
	case !sessionName.MatchString(session):
		stage.Fail(w, http.StatusBadRequest, "want session=NAME")
	default:
		(&Connection{servlet: s, channel: s.channel(session)}).Terminate()
		w.WriteHeader(http.StatusNoContent)
	}
}
