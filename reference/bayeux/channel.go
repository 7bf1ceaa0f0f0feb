package bayeux

import "strings"

// Bounds of channel names.
const (
	maxChannelBytes = 256
	maxSegments     = 32 // each is one look-up at every publish
)

// channelByte tells the characters of a segment.
var channelByte = func() (ok [256]bool) {
	for _, c := range []byte("abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789-_!~()$@") {
		ok[c] = true
	}
	return ok
}()

// ValidChannel reports whether name is a channel: "/" and segments of letters,
// digits and -_!~()$@ parted by "/".
func ValidChannel(name string) bool { return validPath(name, false) }

// ValidPattern reports whether name is a channel, or a channel whose last
// segment is * (one more segment) or ** (one or more).
func ValidPattern(name string) bool { return validPath(name, true) }

func validPath(name string, wild bool) bool {
	if len(name) < 2 || len(name) > maxChannelBytes || name[0] != '/' {
		return false
	}
	segments := 0
	for rest := name[1:]; ; {
		segment, after, more := strings.Cut(rest, "/")
		if segments++; segments > maxSegments {
			return false
		}
		if last := !more; wild && last && (segment == "*" || segment == "**") {
			return true
		}
		if segment == "" {
			return false
		}
		for i := range len(segment) {
			if !channelByte[segment[i]] {
				return false
			}
		}
		if !more {
			return true
		}
		rest = after
	}
}

// expand lists every pattern that a valid channel matches: itself, * in the
// place of its last segment, and ** in the place of its last segments, of more
// and more of them.
func expand(channel string) []string {
	cut := strings.LastIndexByte(channel, '/')
	out := []string{channel, channel[:cut] + "/*"}
	for cut >= 0 {
		out = append(out, channel[:cut]+"/**")
		cut = strings.LastIndexByte(channel[:cut], '/')
	}
	return out
}

func isMeta(channel string) bool    { return strings.HasPrefix(channel, "/meta/") }
func isService(channel string) bool { return strings.HasPrefix(channel, "/service/") }
