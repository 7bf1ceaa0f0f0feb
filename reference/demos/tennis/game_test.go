package tennis

import (
	"math"
	"testing"
	"time"
)

// toPad is a game whose ball is about to reach the right pad.
func toPad(speedY, ballY, pad float64, move int) *Game {
	return &Game{
		BallX: courtWidth - padAt - 1, BallY: ballY, SpeedX: 300, SpeedY: speedY,
		Pads: [2]float64{courtHeight / 2, pad}, Moves: [2]int{0, move},
	}
}

func TestAPadChangesTheSpeedOfTheBall(t *testing.T) {
	for _, c := range []struct {
		name   string
		speedY float64
		move   int
		want   float64
	}{
		{"a pad that stands", 200, 0, 1},
		{"with the ball, down", 200, 1, hit},
		{"against the ball, up", 200, -1, 1 / hit},
		{"with the ball, up", -200, -1, hit},
		{"against the ball, down", -200, 1, 1 / hit},
		{"a ball that flies straight", 0, 1, 1},
	} {
		g := toPad(c.speedY, 200, 200, c.move)
		before := math.Hypot(g.SpeedX, g.SpeedY)
		if _, point := g.Step(10 * time.Millisecond); point || g.SpeedX >= 0 {
			t.Errorf("%s: not sent back: %+v", c.name, g)
		}
		if got := math.Hypot(g.SpeedX, g.SpeedY) / before; math.Abs(got-c.want) > 1e-9 {
			t.Errorf("%s: speed times %v, want %v", c.name, got, c.want)
		}
	}
}

func TestSpeedsAreBounded(t *testing.T) {
	g := toPad(800, 200, 200, 1)
	g.SpeedX = 800
	g.Step(time.Millisecond * 2)
	if got := math.Hypot(g.SpeedX, g.SpeedY); math.Abs(got-fastest) > 1e-9 {
		t.Errorf("%v, want %v at most", got, fastest)
	}
}

func TestAMissIsAPoint(t *testing.T) {
	g := toPad(0, 300, 100, 0)
	for range 20 {
		if scored, point := g.Step(10 * time.Millisecond); point {
			if scored != Left || g.Score != [2]int{1, 0} {
				t.Errorf("side %v scored, score %v: want the left one", scored, g.Score)
			}
			return
		}
	}
	t.Errorf("no point: %+v", g)
}

func TestThePadStaysOnTheCourt(t *testing.T) {
	g := NewGame(Left, 0)
	g.Moves = [2]int{-1, 1}
	for range 100 {
		g.Step(20 * time.Millisecond)
	}
	if g.Pads != [2]float64{padHeight / 2, courtHeight - padHeight/2} {
		t.Errorf("pads at %v", g.Pads)
	}
}

func TestTheBallStaysBetweenTheWalls(t *testing.T) {
	g := NewGame(Right, 1)
	for range 200 {
		g.SpeedX = 0
		g.Step(50 * time.Millisecond)
		if g.BallY < 0 || g.BallY > courtHeight {
			t.Fatalf("the ball is at %v", g.BallY)
		}
	}
}
