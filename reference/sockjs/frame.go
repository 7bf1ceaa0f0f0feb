package sockjs

import "strconv"

// The frames that have no content.
const (
	openFrame      = "o"
	heartbeatFrame = "h"
)

// closeFrame is c[code,"reason"].
func closeFrame(code int, reason string) string {
	b := strconv.AppendInt([]byte("c["), int64(code), 10)
	return string(append(appendQuoted(append(b, ','), reason), ']'))
}

// appendArrayFrame appends a["…","…"] and returns, beside it, how many bytes
// each message has in it, with what is before it and, behind the last, the end.
func appendArrayFrame(dst []byte, messages []Message) (frame []byte, sizes []int) {
	dst = append(dst, 'a')
	sizes = make([]int, len(messages))
	for i, m := range messages {
		before := len(dst)
		if i == 0 {
			before--
			dst = append(dst, '[')
		} else {
			dst = append(dst, ',')
		}
		dst = appendQuoted(dst, m.Text)
		if i == len(messages)-1 {
			dst = append(dst, ']')
		}
		sizes[i] = len(dst) - before
	}
	return dst, sizes
}
