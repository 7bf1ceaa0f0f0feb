package clients

import (
	"net/url"
	"testing"
)

func TestSubscribeURL(t *testing.T) {
	for _, c := range []struct {
		base, technique, channel string
		opts                     url.Values
		want                     string
	}{
		{"http://h:1", "eventsource", "a b", nil, "http://h:1/t/eventsource?channel=a+b"},
		{"https://h/app/", "long-poll", "c", url.Values{"hold": {"5s"}}, "https://h/app/t/long-poll?channel=c&hold=5s"},
		{"http://h", "callback-poll", "c", nil, "http://h/t/callback-poll?callback=cb&channel=c"},
		{"http://h", "htmlfile", "c", url.Values{"callback": {"f"}}, "http://h/t/htmlfile?callback=f&channel=c"},
		{"http://h/?x=y", "multipart", "c", url.Values{"channel": {"d"}}, "http://h/t/multipart?channel=c"},
	} {
		base, err := url.Parse(c.base)
		if err != nil {
			t.Fatal(err)
		}
		if got := SubscribeURL(base, c.technique, c.channel, c.opts); got != c.want {
			t.Errorf("got %s, want %s", got, c.want)
		}
		if base.String() != c.base || c.opts.Get("channel") == "c" {
			t.Errorf("the arguments were changed: %s %v", base, c.opts)
		}
	}
}

func TestWithAfter(t *testing.T) {
	for _, c := range []struct{ url, position, want string }{
		{"http://h/?channel=c", "e-1", "http://h/?after=e-1&channel=c"},
		{"http://h/?channel=c&after=e-1", "e-2", "http://h/?after=e-2&channel=c"},
		{"http://h/?b&a", "", "http://h/?b&a"},
		{"http://h/?after=e-1&channel=c", "", "http://h/?channel=c"},
	} {
		u, _ := url.Parse(c.url)
		if got := withAfter(u, c.position).String(); got != c.want {
			t.Errorf("%s behind %q: got %s, want %s", c.url, c.position, got, c.want)
		}
	}
}
