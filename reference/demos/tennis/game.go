package tennis

import (
	"math"
	"time"
)

// The court, in units that a page scales. Speeds are units a second.
const (
	courtWidth, courtHeight = 600, 400
	padHeight, padAt        = 80, 20 // at is the distance from the court's end
	padSpeed                = 320
	serveSpeed              = 260
	slowest, fastest        = 160, 900
	hit                     = 1.2 // a pad moving with the ball multiplies its speed, one against it divides
)

// Side is a player's side of the court.
type Side int

// The sides: who made the game is left, who joined is right.
const (
	Left Side = iota
	Right
)

// Game is the state of play. It reads no clock: Step is handed the time.
type Game struct {
	BallX, BallY   float64
	SpeedX, SpeedY float64
	Pads           [2]float64 // centre of each pad
	Moves          [2]int     // -1 is up, 1 is down, 0 stands
	Score          [2]int
}

// NewGame serves towards a side at an angle between -1 and 1.
func NewGame(to Side, angle float64) *Game {
	g := &Game{Pads: [2]float64{courtHeight / 2, courtHeight / 2}}
	g.Serve(to, angle)
	return g
}

// Serve puts the ball into the middle, flying towards a side. angle is its
// slope, from -1 to 1.
func (g *Game) Serve(to Side, angle float64) {
	g.BallX, g.BallY = courtWidth/2, courtHeight/2
	g.SpeedX = serveSpeed * math.Cos(angle)
	if to == Left {
		g.SpeedX = -g.SpeedX
	}
	g.SpeedY = serveSpeed * math.Sin(angle)
}

// Step plays on for d, which is short. It returns who scored, if anybody did.
func (g *Game) Step(d time.Duration) (scored Side, point bool) {
	s := d.Seconds()
	for side, move := range g.Moves {
		g.Pads[side] = min(max(g.Pads[side]+float64(move)*padSpeed*s, padHeight/2), courtHeight-padHeight/2)
	}
	before := g.BallX
	g.BallX += g.SpeedX * s
	g.BallY += g.SpeedY * s
	if g.BallY < 0 || g.BallY > courtHeight {
		g.BallY = min(max(g.BallY, -g.BallY), 2*courtHeight-max(g.BallY, -g.BallY))
		g.SpeedY = -g.SpeedY
	}
	g.bounce(Left, before, padAt)
	g.bounce(Right, before, courtWidth-padAt)
	switch {
	case g.BallX < 0:
		scored, point = Right, true
	case g.BallX > courtWidth:
		scored, point = Left, true
	}
	if point {
		g.Score[scored]++
	}
	return scored, point
}

// bounce sends the ball back when it crossed a pad's line where the pad is.
func (g *Game) bounce(side Side, before, line float64) {
	outward := g.SpeedX < 0 == (side == Left)
	crossed := (before-line)*(g.BallX-line) <= 0
	if !outward || !crossed || math.Abs(g.BallY-g.Pads[side]) > padHeight/2 {
		return
	}
	g.BallX = 2*line - g.BallX
	g.SpeedX = -g.SpeedX
	with := float64(g.Moves[side]) * g.SpeedY
	factor := 1.0
	switch {
	case with > 0:
		factor = hit
	case with < 0:
		factor = 1 / hit
	}
	speed := math.Hypot(g.SpeedX, g.SpeedY)
	factor = min(max(speed*factor, slowest), fastest) / speed
	g.SpeedX *= factor
	g.SpeedY *= factor
}
