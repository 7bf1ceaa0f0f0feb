package sockjsprotocol

import (
	"crypto/rand"
	"net/http"
)

const (
	goAway    = `c[3000,"Go away!"]`
	stillOpen = `c[2010,"Another connection still open"]`
)

func sessionCases() []Case {
	return []Case{
		{Name: "SessionURLs.test_anyValue", ask: func(a *asking) {
			id := rand.Text() // sessions are remembered for five seconds
			for _, path := range []string{"/a/a", "/_/_", "/1/1", "/abcdefgh_i-j%20/abcdefg_i-j%20"} {
				a.polled(echo+path+id, "o")
			}
		}},
		{Name: "SessionURLs.test_invalidPaths", ask: func(a *asking) {
			for _, path := range []string{"//", "/a./a", "/a/a.", "/./.", "/", "///"} {
				a.get(echo + path + "/xhr").has(http.StatusNotFound)
				a.post(echo+path+"/xhr", "").has(http.StatusNotFound)
			}
		}},
		{Name: "SessionURLs.test_ignoringServerId", ask: func(a *asking) {
			id := rand.Text()
			a.polled(echo+"/000/"+id, "o")
			a.sends(echo+"/000/"+id, `["a"]`)
			a.polled(echo+"/999/"+id, `a["a"]`)
		}},
		{Name: "Protocol.test_simpleSession", ask: func(a *asking) {
			session := newSession(echo)
			a.polled(session, "o")
			a.sends(session, `["a"]`)
			a.polled(session, `a["a"]`)
			a.post(echo+"/000/bad_session/xhr_send", `["a"]`).has(http.StatusNotFound)
			holder := a.rivals(session+"/xhr", func(r *answer) { r.is(http.StatusOK, stillOpen+"\n") })
			a.sends(session, `["b"]`) // the one that was there goes on
			holder.answer().is(http.StatusOK, `a["b"]`+"\n")
		}},
		{Name: "Protocol.test_closeSession", ask: func(a *asking) {
			session := newSession(closing)
			a.polled(session, "o")
			a.polled(session, goAway)
			a.polled(session, goAway)
		}},
	}
}
