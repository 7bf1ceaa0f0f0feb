package tennis

import (
	"errors"
	"math/rand/v2"
	"sync"
	"time"

	"github.com/cometbench/cometbench/reference/demos/stage"
)

const (
	stepEvery = 50 * time.Millisecond // of the game's own time, which is never scaled
	pause     = time.Second           // before each serve
	toWin     = 5
	maxGames  = 200
)

// Business errors.
var (
	errPlaying = errors.New("you are in a game already; quit it first")
	errNoGame  = errors.New("you are in no game")
	errUnknown = errors.New("there is no such game; ask who announced it")
	errFull    = errors.New("that game has two players already")
	errOwn     = errors.New("that is your own game; somebody else has to enter its id")
	errTooMany = errors.New("all courts are taken, try again later")
	errMove    = errors.New("a pad goes UP or DOWN, or stops")
)

// lobby is the handler of games: who made one, who plays.
type lobby struct {
	stage *stage.Stage

	mu    sync.Mutex
	games map[string]*match
}

// match is a game between two clients.
type match struct {
	id      string
	players [2]*Client // right is nil until somebody joins
	game    *Game
	over    chan struct{} // closed when somebody quit or won
}

func newLobby(s *stage.Stage) *lobby { return &lobby{stage: s, games: make(map[string]*match)} }

// Handle takes create, join, pad and quit.
func (l *lobby) Handle(c *Client, m Message) (bool, error) {
	l.mu.Lock()
	defer l.mu.Unlock()
	switch m.Type {
	case "create":
		return true, l.create(c)
	case "join":
		return true, l.join(c, m.Game)
	case "pad":
		return true, l.pad(c, m.Direction)
	case "quit":
		return true, l.quit(c, "quit")
	}
	return false, nil
}

// gone quits for a client that has left.
func (l *lobby) gone(c *Client) {
	l.mu.Lock()
	defer l.mu.Unlock()
	_ = l.quit(c, "left") // most are in no game
}

func (l *lobby) create(c *Client) error {
	if m, _ := l.of(c); m != nil {
		return errPlaying
	}
	if len(l.games) >= maxGames {
		return errTooMany
	}
	m := &match{id: l.newID(), players: [2]*Client{Left: c}, over: make(chan struct{})}
	l.games[m.id] = m
	return c.Send(map[string]string{"type": "created", "game": m.id})
}

// newID is a short name that people can say to each other.
func (l *lobby) newID() string {
	const letters = "ABCDEFGHJKLMNPQRSTUVWXYZ23456789" // none that look alike
	for {
		b := make([]byte, 4)
		for i := range b {
			b[i] = letters[rand.N(len(letters))]
		}
		if l.games[string(b)] == nil {
			return string(b)
		}
	}
}

func (l *lobby) join(c *Client, id string) error {
	m := l.games[id]
	mine, _ := l.of(c)
	switch {
	case m == nil:
		return errUnknown
	case m == mine:
		return errOwn
	case mine != nil:
		return errPlaying
	case m.players[Right] != nil:
		return errFull
	}
	m.players[Right] = c
	m.game = NewGame(Side(rand.N(2)), rand.Float64()-0.5)
	for side, p := range m.players {
		_ = p.Send(map[string]string{
			"type": "playing", "side": [2]string{"left", "right"}[side], "against": m.players[1-side].Name,
		})
	}
	l.stage.Go(func(stop <-chan struct{}) { l.play(m, stop) })
	return nil
}

func (l *lobby) pad(c *Client, direction string) error {
	m, side := l.of(c)
	if m == nil || m.game == nil {
		return errNoGame
	}
	move, ok := map[string]int{"UP": -1, "DOWN": 1, "STOP": 0}[direction]
	if !ok {
		return errMove
	}
	m.game.Moves[side] = move
	return nil
}

// quit ends c's game for both, and tells them how.
func (l *lobby) quit(c *Client, how string) error {
	m, _ := l.of(c)
	if m == nil {
		return errNoGame
	}
	l.end(m, c.Name+" "+how)
	return nil
}

func (l *lobby) end(m *match, how string) {
	delete(l.games, m.id)
	close(m.over)
	for _, p := range m.players {
		if p != nil {
			_ = p.Send(map[string]string{"type": "over", "text": how}) // one of them may be gone
		}
	}
}

// of finds the game that c is in.
func (l *lobby) of(c *Client) (*match, Side) {
	for _, m := range l.games {
		for side, p := range m.players {
			if p == c {
				return m, Side(side)
			}
		}
	}
	return nil, Left
}

// play steps a game until it is over.
func (l *lobby) play(m *match, stop <-chan struct{}) {
	clock := time.NewTicker(stepEvery)
	defer clock.Stop()
	rest := pause
	for {
		select {
		case <-clock.C:
		case <-m.over:
			return
		case <-stop:
			return
		}
		if rest > 0 {
			rest -= stepEvery
		}
		if l.step(m, rest > 0) {
			rest = pause
		}
	}
}

// step plays on, unless the players rest, and shows it. It reports whether a
// point was made.
func (l *lobby) step(m *match, resting bool) bool {
	l.mu.Lock()
	defer l.mu.Unlock()
	if l.games[m.id] != m {
		return false // over meanwhile
	}
	g := m.game
	scored, point := Left, false
	if !resting {
		scored, point = g.Step(stepEvery)
	}
	if point {
		g.Serve(1-scored, rand.Float64()-0.5)
	}
	state := map[string]any{
		"type": "state", "ball": [2]int{int(g.BallX), int(g.BallY)},
		"pads": [2]int{int(g.Pads[Left]), int(g.Pads[Right])}, "score": g.Score,
	}
	for _, p := range m.players {
		_ = p.Send(state) // it is quit for a player who has gone
	}
	if point && g.Score[scored] >= toWin {
		l.end(m, m.players[scored].Name+" won")
	}
	return point
}
