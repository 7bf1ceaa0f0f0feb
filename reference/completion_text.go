package reference

import (
	"math/rand/v2"
	"time"
)

// The bounds of the gap between two tokens when no rate is asked for: 20 to
// 100 tokens a second.
const (
	minTokenGap = 10 * time.Millisecond
	maxTokenGap = 50 * time.Millisecond
)

// tokenSource is what stands in for a model: a text without end and the gaps
// in which it comes. Equal seeds give equal texts; the rate changes the gaps
// only.
type tokenSource struct {
	text, gaps *rand.PCG
	fixed      time.Duration // the gap at a given rate; 0 draws each
}

func newTokenSource(seed uint64, perSecond float64) *tokenSource {
	s := &tokenSource{text: rand.NewPCG(seed, 1), gaps: rand.NewPCG(seed, 2)}
	if perSecond > 0 {
		s.fixed = time.Duration(float64(time.Second) / perSecond)
	}
	return s
}

// next returns the next token, and how long behind the one before it comes.
func (s *tokenSource) next() (token string, gap time.Duration) {
	token, gap = tokenPieces[s.text.Uint64()%uint64(len(tokenPieces))], s.fixed
	if gap == 0 {
		gap = minTokenGap + time.Duration(s.gaps.Uint64()%uint64(maxTokenGap-minTokenGap+1))
	}
	return token, gap
}

// tokenPieces are the tokens: 1 to 8 bytes of UTF-8 each, whole characters, and
// among them what JSON, HTML and event streams have to keep apart.
var tokenPieces = [64]string{
	" the", " a", " of", " and", " to", " in", " is", " it", " that", " by", " on", " with", " one", " byte", " bytes", " chunk",
	" proxy", " stream", " token", " server", " client", " event", " message", " delay", " buffer", " flush", " push", " poll", " hold", " wait", " idle", " cut",
	"ing", "ed", "er", "s", "ly", "re", "un", "able", ".", ",", ";", ":", "?", "!", " –", "…",
	"\n", "\n\n", "\t", `"`, `\`, "'", "<", "</", "&", " é", "ü", "ß", "日本", " 語", "\u2028", "🙂",
}
