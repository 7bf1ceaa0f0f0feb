package initiator

import (
	"slices"
	"strings"
)

// field is one line of a request's head.
type field struct{ name, value string }

// Engine is what a browser sends for the same URL when an iframe navigates to
// it and when a script asks for it, but for Host. Recorded on loopback from
// Chromium 156 (headless-shell) and Firefox 153, Debian 12; X-Requested-With is
// what libraries add to an XMLHttpRequest.
type Engine struct {
	Name        string
	iframe, xhr []field
}

// Engines lists those that were recorded.
func Engines() []Engine {
	chromium := []field{
		{"Connection", "keep-alive"},
		{"sec-ch-ua", `"Not:A-Brand";v="8", "Chromium";v="156", "HeadlessChrome";v="156"`},
		{"sec-ch-ua-mobile", "?0"},
		{"sec-ch-ua-platform", `"Linux"`},
	}
	const chromiumAgent = "Mozilla/5.0 (X11; Linux x86_64) AppleWebKit/537.36 (KHTML, like Gecko) HeadlessChrome/156.0.8078.79 Safari/537.36"
	firefox := []field{{"User-Agent", "Mozilla/5.0 (X11; Linux x86_64; rv:153.0) Gecko/20100101 Firefox/153.0"}}
	const encodings = "gzip, deflate, br, zstd"
	return []Engine{
		{
			"chromium",
			slices.Concat(chromium, []field{
				{"Upgrade-Insecure-Requests", "1"},
				{"User-Agent", chromiumAgent},
				{"Accept", "text/html,application/xhtml+xml,application/xml;q=0.9,image/jxl,image/avif,image/webp,image/apng,*/*;q=0.8,application/signed-exchange;v=b3;q=0.7"},
				{"Sec-Fetch-Site", "same-origin"}, {"Sec-Fetch-Mode", "navigate"}, {"Sec-Fetch-Dest", "iframe"},
				{"Referer", "http://127.0.0.1/"}, {"Accept-Encoding", encodings},
			}),
			slices.Concat(chromium, []field{
				{"X-Requested-With", "XMLHttpRequest"},
				{"User-Agent", chromiumAgent},
				{"Accept", "*/*"},
				{"Sec-Fetch-Site", "same-origin"}, {"Sec-Fetch-Mode", "cors"}, {"Sec-Fetch-Dest", "empty"},
				{"Referer", "http://127.0.0.1/"}, {"Accept-Encoding", encodings},
			}),
		},
		{
			"firefox",
			slices.Concat(firefox, []field{
				{"Accept", "text/html,application/xhtml+xml,application/xml;q=0.9,*/*;q=0.8"},
				{"Accept-Language", "en-US,en;q=0.9"}, {"Accept-Encoding", encodings}, {"Connection", "keep-alive"},
				{"Referer", "http://127.0.0.1/"}, {"Upgrade-Insecure-Requests", "1"},
				{"Sec-Fetch-Dest", "iframe"}, {"Sec-Fetch-Mode", "navigate"}, {"Sec-Fetch-Site", "same-origin"}, {"Priority", "u=4"},
			}),
			slices.Concat(firefox, []field{
				{"Accept", "*/*"},
				{"Accept-Language", "en-US,en;q=0.9"}, {"Accept-Encoding", encodings}, {"X-Requested-With", "XMLHttpRequest"},
				{"Connection", "keep-alive"}, {"Referer", "http://127.0.0.1/"},
				{"Sec-Fetch-Dest", "empty"}, {"Sec-Fetch-Mode", "cors"}, {"Sec-Fetch-Site", "same-origin"},
			}),
		},
	}
}

func valueOf(fields []field, name string) (string, bool) {
	i := slices.IndexFunc(fields, func(f field) bool { return strings.EqualFold(f.name, name) })
	if i < 0 {
		return "", false
	}
	return fields[i].value, true
}

// varying are the names of the fields in which a and b differ.
func varying(a, b []field) []string {
	var names []string
	for _, f := range slices.Concat(a, b) {
		inA, hasA := valueOf(a, f.name)
		inB, hasB := valueOf(b, f.name)
		if (hasA != hasB || inA != inB) && !slices.Contains(names, f.name) {
			names = append(names, f.name)
		}
	}
	return names
}

// exchanged is a with the one field as b has it.
func exchanged(a, b []field, name string) []field {
	out := slices.DeleteFunc(slices.Clone(a), func(f field) bool { return strings.EqualFold(f.name, name) })
	if value, ok := valueOf(b, name); ok {
		out = append(out, field{name, value})
	}
	return out
}
