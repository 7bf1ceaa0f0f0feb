package clients

import "io"

// countedBody says so when a body ends before its Content-Length, as net/http
// does for the older versions and quic-go does not.
type countedBody struct {
	io.ReadCloser
	left int64
}

func (b *countedBody) Read(p []byte) (int, error) {
	n, err := b.ReadCloser.Read(p)
	b.left -= int64(n)
	if err == io.EOF && b.left > 0 {
		err = io.ErrUnexpectedEOF
	}
	return n, err
}
