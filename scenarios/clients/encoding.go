package clients

import (
	"bufio"
	"compress/flate"
	"compress/gzip"
	"compress/zlib"
	"fmt"
	"io"
	"strings"
)

// Decoded returns the content of a body with the given Content-Encoding. What
// the sender flushed comes out with the read that completes it.
func Decoded(body io.Reader, encoding string) (io.Reader, error) {
	switch strings.ToLower(strings.TrimSpace(encoding)) {
	case "", "identity":
		return body, nil
	case "gzip", "x-gzip":
		return &inflater{wire: body, open: openGzip}, nil
	case "deflate":
		return &inflater{wire: body, open: openDeflate}, nil
	}
	return nil, fmt.Errorf("content encoding %q was not asked for", encoding)
}

// inflater opens its decompressor with the first read, because that needs
// bytes of the body. After the compressed end it reads on to the end of the
// body, so that the end it reports is the wire's.
type inflater struct {
	wire  io.Reader
	open  func(*bufio.Reader) (io.Reader, error)
	in    *bufio.Reader
	plain io.Reader
	ended bool
}

func (f *inflater) Read(p []byte) (int, error) {
	if f.plain == nil {
		f.in = bufio.NewReaderSize(f.wire, 32<<10)
		if _, err := f.in.Peek(1); err != nil {
			return 0, err // no content at all is not a broken encoding
		}
		plain, err := f.open(f.in)
		if err != nil {
			return 0, err
		}
		f.plain = plain
	}
	if !f.ended {
		n, err := f.plain.Read(p)
		if err != io.EOF {
			return n, err
		}
		f.ended = true
		if n > 0 {
			return n, nil
		}
	}
	if _, err := io.Copy(io.Discard, f.in); err != nil {
		return 0, err
	}
	return 0, io.EOF
}

func openGzip(in *bufio.Reader) (io.Reader, error) {
	z, err := gzip.NewReader(in)
	if err != nil {
		return nil, err
	}
	z.Multistream(false) // looking for another member would hold back the last bytes of this one
	return z, nil
}

// openDeflate takes both things that servers call deflate: with zlib's header,
// as the standard says, and without, as browsers accept it.
func openDeflate(in *bufio.Reader) (io.Reader, error) {
	head, err := in.Peek(2)
	if err == nil && head[0]&0x0f == 8 && (int(head[0])<<8|int(head[1]))%31 == 0 {
		z, err := zlib.NewReader(in)
		return z, err
	}
	return flate.NewReader(in), nil
}
