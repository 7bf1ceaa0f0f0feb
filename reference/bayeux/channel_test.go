package bayeux

import (
	"slices"
	"strings"
	"testing"
)

func TestChannelNames(t *testing.T) {
	for name, want := range map[string][2]bool{ // channel, pattern
		"/a": {true, true}, "/a/b": {true, true}, "/-_!~()$@": {true, true}, "/Z/9": {true, true},
		"/*": {false, true}, "/**": {false, true}, "/a/*": {false, true}, "/a/b/**": {false, true},
		"": {}, "/": {}, "a": {}, "/a/": {}, "//a": {}, "/a//b": {}, "/a b": {}, "/a.b": {}, "/é": {}, "/a\x00": {}, "/a%2f": {},
		"/*/a": {}, "/**/a": {}, "/a*": {}, "/***": {}, "/a/*/**": {}, "/<script>": {}, "/a\"": {}, "/a:b,c": {},
		"/" + strings.Repeat("a", 255): {true, true}, "/" + strings.Repeat("a", 256): {},
		strings.Repeat("/a", 32): {true, true}, strings.Repeat("/a", 33): {},
	} {
		if got := [2]bool{ValidChannel(name), ValidPattern(name)}; got != want {
			t.Errorf("%.40q: %v, want %v", name, got, want)
		}
	}
}

// TestExpand compares the look-ups with what the specification says a pattern
// matches.
func TestExpand(t *testing.T) {
	if got := expand("/a/b/c"); !slices.Equal(got, []string{"/a/b/c", "/a/b/*", "/a/b/**", "/a/**", "/**"}) {
		t.Errorf("got %q", got)
	}
	for _, tt := range []struct {
		pattern, channel string
		want             bool
	}{
		{"/foo/*", "/foo/bar", true}, {"/foo/*", "/foo", false}, {"/foo/*", "/foo/bar/boo", false}, {"/foo/*", "/foobar", false},
		{"/foo/**", "/foo/bar", true}, {"/foo/**", "/foo/bar/boo", true}, {"/foo/**", "/foo", false}, {"/foo/**", "/foobar/boo", false},
		{"/**", "/foo", true}, {"/**", "/foo/bar", true}, {"/*", "/foo", true}, {"/*", "/foo/bar", false},
	} {
		if got := slices.Contains(expand(tt.channel), tt.pattern); got != tt.want {
			t.Errorf("%s matches %s: %v", tt.pattern, tt.channel, got)
		}
	}
}

// matches is the rule itself, segment by segment.
func matches(pattern, channel string) bool {
	p, c := strings.Split(pattern, "/"), strings.Split(channel, "/")
	for i, segment := range p {
		switch {
		case segment == "**":
			return len(c) > i
		case i >= len(c):
			return false
		case segment == "*":
			return len(c) == i+1
		case segment != c[i]:
			return false
		}
	}
	return len(c) == len(p)
}

func FuzzPatterns(f *testing.F) {
	for _, seed := range [][2]string{{"/a/*", "/a/b"}, {"/**", "/a"}, {"/a", "/a"}, {"/*/a", "/a/a"}, {"/a/**", "/a"}} {
		f.Add(seed[0], seed[1])
	}
	f.Fuzz(func(t *testing.T, pattern, channel string) {
		if ValidChannel(channel) && (!ValidPattern(channel) || strings.ContainsAny(channel, `*"<>\:, `)) {
			t.Fatalf("channel %q", channel)
		}
		if !ValidChannel(channel) || !ValidPattern(pattern) {
			return
		}
		if got := slices.Contains(expand(channel), pattern); got != matches(pattern, channel) {
			t.Fatalf("%q matches %q: %v", pattern, channel, got)
		}
	})
}
