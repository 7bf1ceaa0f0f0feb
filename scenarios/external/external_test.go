package external

import (
	"bytes"
	"encoding/json"
	"strings"
	"testing"

	"github.com/cometbench/cometbench/scenarios/measure"
)

// TestPrograms: what is named exists, and is of one version.
func TestPrograms(t *testing.T) {
	var manifest struct{ Dependencies map[string]string }
	text, err := files.ReadFile("node/package.json")
	if err != nil {
		t.Fatal(err)
	}
	if err := json.Unmarshal(text, &manifest); err != nil {
		t.Fatal(err)
	}
	for _, p := range Programs() {
		if _, err := files.ReadFile("node/" + p.Script); err != nil {
			t.Error(err)
		}
		if v := p.Version(); v == "" || manifest.Dependencies[p.Package] != v {
			t.Errorf("%s: version %q in the lock file, %q asked for", p.Name, v, manifest.Dependencies[p.Package])
		}
		for i, technique := range p.techniques() {
			if found, ok := measure.TechniqueByName(technique); !ok || found.Session != p.Family {
				t.Errorf("%s receives by %s, which is no technique of %s", p.Name, technique, p.Family)
			}
			if transport, err := p.transport(technique); err != nil || transport != p.Transports[i] {
				t.Errorf("%s receives by %s: %q, %v", p.Name, technique, transport, err)
			}
		}
		if found, ok := ByName(p.Name); !ok || found.Script != p.Script {
			t.Errorf("%s is not found", p.Name)
		}
	}
	if _, ok := ByName("lynx"); ok {
		t.Error("found a program that is none")
	}
}

func TestSupports(t *testing.T) {
	p, _ := ByName("cometd")
	c := NewClient(nil, p)
	at := func(change func(*measure.Subscription)) measure.Subscription {
		s := measure.Subscription{Technique: "bayeux-websocket", Target: measure.Target{URL: "http://o/t/bayeux-websocket?channel=c"}}
		change(&s)
		return s
	}
	if err := c.Supports(at(func(*measure.Subscription) {})); err != nil {
		t.Error(err)
	}
	for want, change := range map[string]func(*measure.Subscription){
		"not by eventsource":   func(s *measure.Subscription) { s.Technique = "eventsource" },
		"over http":            func(s *measure.Subscription) { s.Target.URL = "https://o/" },
		"reverse proxies only": func(s *measure.Subscription) { s.Target.Proxy = "http://p/" },
		"not HTTP/2":           func(s *measure.Subscription) { s.Target.HTTP = "2" },
		"in no other":          func(s *measure.Subscription) { s.Uplink = []string{"x"} },
	} {
		if err := c.Supports(at(change)); err == nil || !strings.Contains(err.Error(), want) {
			t.Errorf("%s: %v", want, err)
		}
	}
}

// received are the matrix's events of a reception that notes what it takes.
func received(resume bool) (r *reception, told func() string) {
	var got []string
	r = &reception{client: "x", resume: resume, over: make(chan struct{}), sink: func(e measure.Event) {
		note, _, _ := strings.Cut(e.Note, ": invalid")
		got = append(got, strings.Join(strings.Fields(string(e.Kind)+" "+e.ID+" "+string(e.EndKind)+" "+e.Sum+" "+note), " "))
	}}
	return r, func() string { return strings.Join(got, "|") }
}

// TestReceptionOfASession: what clients say of failures and ends.
func TestReceptionOfASession(t *testing.T) {
	for _, tt := range []struct{ report, want string }{
		{`{"event":"over","code":3000,"why":"Go away!"}`, "end clean terminated"},
		{`{"event":"over","why":"disconnected"}`, "end clean terminated"},
		{`{"event":"over","code":1006,"why":"Server lost session"}`, "error session lost: Server lost session|end fin"},
		{`{"event":"over","code":1002,"why":"Connection interrupted"}`, "error the client gave up: 1002 Connection interrupted|end fin"},
		{`{"event":"cut","status":200,"why":"broken off"}`, "headers|error broken off|end fin"},
		{`{"event":"crashed","why":"URIError"}`, "error the client crashed: URIError|end fin"},
		{`{"event":"message","data":"{\"id\":\"e-1\",\"data\":{\"n\":1.0}}"}`, "message e-1 " + sum(t, `{"n":1.0}`)},
		{`{"event":"message","data":"{\"id\":\"e-1\",\"data_b64\":\"AP8K\"}"}`, "message e-1 " + measure.SumBytes([]byte("\x00\xff\n"))},
		{`{"event":"message","data":"{\"control\":\"hello\"}"}`, ""},
		{`{"event":"connected","at":1}` + "\n" + `{"event":"down","at":4000001,"on":"/meta/connect","why":"402::session_unknown"}`, "error session lost: /meta/connect: 402::session_unknown"},
		{`{"event":"connected","at":1}` + "\n" + `{"event":"down","at":5000002,"on":"/meta/connect","why":"402::session_unknown"}`, "error /meta/connect: 402::session_unknown"},
		{`{"event":"down","on":"/meta/handshake","why":"expired","timer":"T of 9 ms"}`, "error the client's own timer was over, T of 9 ms: /meta/handshake: expired"},
	} {
		r, told := received(true)
		if _, err := (&lines{sink: r.take}).Write([]byte(tt.report + "\n")); err != nil {
			t.Fatal(err)
		}
		if got := told(); got != tt.want {
			t.Errorf("%s: got %q, want %q", tt.report, got, tt.want)
		}
	}
}

func sum(t *testing.T, text string) string {
	t.Helper()
	s, err := measure.SumJSON([]byte(text))
	if err != nil {
		t.Fatal(err)
	}
	return s
}

// TestReception turns each event of a program into the matrix's.
func TestReception(t *testing.T) {
	r, told := received(false)
	out := &lines{sink: r.take}
	for _, piece := range []string{
		`{"event":"open","at":1,"transport":"websocket"}` + "\n" + `{"event":"subsc`, `ribed","at":2,"channel":"/hub/c"}` + "\n",
		`{"event":"message","at":3,"channel":"/hub/c","data":{"channel":"c","id":"e-1","sent_us":1,"data":{"n":1}}}` + "\n",
		`{"event":"message","at":4,"channel":"/hub/c","data":{"control":"gap","missed":3,"next":"e-5"}}` + "\n",
		`{"event":"message","at":4,"channel":"/hub/c","data":"odd"}` + "\n",
		`{"event":"down","at":5,"on":"/meta/connect","why":"status 502"}` + "\n" + `{"event":"message","at":6,"data":{"id":"e-2","data":1}}` + "\n",
	} {
		if _, err := out.Write([]byte(piece)); err != nil {
			t.Fatal(err)
		}
	}
	want := "prelude|message e-1|gap e-5 missed=3|error a message of the program's that is none of the hub's|error /meta/connect: status 502|end fin"
	if got := told(); got != want {
		t.Errorf("got %s", got)
	}
	select {
	case <-r.over:
	default:
		t.Error("a program that is not to come back goes on")
	}
}

func TestReportsThatAreNone(t *testing.T) {
	for _, text := range []string{"hello\n", "{}\n", "[1]\n", string(bytes.Repeat([]byte("x"), maxLine+1))} {
		l := &lines{sink: func(Event) { t.Error("an event") }}
		_, _ = l.Write([]byte(text))
		if l.err == nil || len(l.rest) > 0 {
			t.Errorf("%.20q: %v", text, l.err)
		}
	}
}
