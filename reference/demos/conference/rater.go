package conference

import (
	_ "embed"
	"net/http"
	"slices"

	"github.com/cometbench/cometbench/reference/demos/stage"
)

//go:embed rater.html
var raterPage string

// talks are the sessions of the conference.
var talks = []struct{ ID, Title string }{
	{"comet", "Comet in practice"},
	{"proxies", "What proxies do to your stream"},
	{"iframes", "Forever is a long time: iframes"},
	{"polling", "In defence of polling"},
}

const (
	mostStars = 5
	maxVoters = 10_000 // of one talk whose votes may still change
)

// rating is a talk's votes.
type rating struct {
	votes      map[string]int // that may still change, by the voter's session
	sum, count int            // of all
}

// ratings are a room's.
type ratings map[string]*rating

// rated is what pages are told of a talk.
type rated struct {
	Session string  `json:"session"`
	Stars   float64 `json:"stars"` // the mean
	Votes   int     `json:"votes"`
}

// NewRater makes the session rater.
func NewRater(s *stage.Stage) (http.Handler, error) {
	return newDemo(s, raterPage, "rater", func() ratings { return make(ratings) }, map[string]answer[ratings]{
		"vote": func(room ratings, from string, r request) (string, any, any) {
			known := slices.ContainsFunc(talks, func(t struct{ ID, Title string }) bool { return t.ID == r.Session })
			if !known || r.Stars < 1 || r.Stars > mostStars {
				return "", nil, map[string]string{"error": "want one of the sessions, and 1 to 5 stars"}
			}
			return r.Session, room.vote(r.Session, from, r.Stars), nil
		},
		"all": func(room ratings, _ string, _ request) (string, any, any) {
			all := []rated{}
			for _, t := range talks {
				all = append(all, room.rated(t.ID))
			}
			return "", nil, map[string]any{"all": all}
		},
	}, map[string]any{"talks": talks})
}

// vote counts a vote; a second one of the same voter takes the place of the
// first.
func (rs ratings) vote(talk, voter string, stars int) rated {
	r := rs[talk]
	if r == nil {
		r = &rating{votes: make(map[string]int)}
		rs[talk] = r
	}
	before, again := r.votes[voter]
	if !again {
		r.count++
		if len(r.votes) >= maxVoters {
			clear(r.votes) // they count, and change no more
		}
	}
	r.sum += stars - before
	r.votes[voter] = stars
	return rs.rated(talk)
}

// rated is a talk's mean, and of how many votes.
func (rs ratings) rated(talk string) rated {
	r := rs[talk]
	if r == nil {
		return rated{Session: talk}
	}
	return rated{Session: talk, Stars: float64(r.sum) / float64(r.count), Votes: r.count}
}
