package clients

import "testing"

// TestDecodeURI: as JavaScript's function of that name, which throws where
// nothing is wanted here.
func TestDecodeURI(t *testing.T) {
	throws := []string{"%", "%4", "%zz", "%+1", "%C3", "%C3x", "%C3%", "%C3%28", "%E2%82", "%ED%A0%80", "%C0%80", "%80", "%F8%80%80%80", "%F4%90%80%80"}
	for text, want := range map[string]string{
		"": "", "a\u00e9": "a\u00e9", "100%25": "100%", "%2541": "%41", "%41%7a%7A": "Azz", "%00": "\x00",
		"%2B%23%2f%3F": "%2B%23%2f%3F", "%22%5C%5b": `"\[`, "%C3%A9%E2%82%AC%F0%9F%98%80": "\u00e9\u20ac\U0001f600", "%EF%BF%BD": "\ufffd",
	} {
		if got, err := decodeURI([]byte(text)); err != nil || string(got) != want {
			t.Errorf("%s: got %q and %v, want %q", text, got, err, want)
		}
	}
	for _, text := range throws {
		if got, err := decodeURI([]byte(text)); err == nil {
			t.Errorf("%s: got %q", text, got)
		}
	}
}
