package reference

// appendSpaces appends n spaces; a negative n is none.
func appendSpaces(dst []byte, n int) []byte {
	for range n {
		dst = append(dst, ' ')
	}
	return dst
}

// appendPrelude appends n bytes of white space that end with a line feed.
func appendPrelude(dst []byte, n int) []byte {
	if n <= 0 {
		return dst
	}
	return append(appendSpaces(dst, n-1), '\n')
}

// appendPadding fills the frame that began at start up to least bytes, given
// that tail more bytes follow.
func appendPadding(dst []byte, start, tail, least int) []byte {
	return appendSpaces(dst, least-(len(dst)-start+tail))
}
