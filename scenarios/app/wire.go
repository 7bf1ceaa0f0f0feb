package app

import (
	"bufio"
	"bytes"
	"fmt"
	"io"
	"net/http"
	"strconv"
	"strings"
)

// maxHead bounds a request's head, in bytes.
const maxHead = 64 << 10

// readHead reads a request's head as it stands, blank lines in front of it left out.
func readHead(in *bufio.Reader) ([]byte, error) {
	var head []byte
	for {
		line, err := in.ReadSlice('\n')
		if err != nil {
			return nil, err
		}
		blank := len(bytes.TrimRight(line, "\r\n")) == 0
		if blank && len(head) == 0 {
			continue
		}
		if head = append(head, line...); len(head) > maxHead {
			return nil, fmt.Errorf("a head of more than %d bytes", maxHead)
		}
		if blank {
			return head, nil
		}
	}
}

// passBody copies a request's body as it stands.
func passBody(to io.Writer, in *bufio.Reader, req *http.Request) error {
	if req.ContentLength > 0 {
		_, err := io.CopyN(to, in, req.ContentLength)
		return err
	}
	if len(req.TransferEncoding) == 0 {
		return nil
	}
	for {
		line, err := in.ReadSlice('\n')
		if err != nil {
			return err
		}
		digits, _, _ := strings.Cut(strings.TrimSpace(string(line)), ";")
		if _, err := to.Write(line); err != nil {
			return err
		}
		size, err := strconv.ParseInt(strings.TrimSpace(digits), 16, 63)
		if err != nil || size < 0 {
			return fmt.Errorf("chunk size %q", digits)
		}
		if size == 0 {
			break
		}
		if _, err := io.CopyN(to, in, size+2); err != nil {
			return err
		}
	}
	for { // trailers
		line, err := in.ReadSlice('\n')
		if err != nil {
			return err
		}
		if _, err := to.Write(line); err != nil {
			return err
		}
		if len(bytes.TrimRight(line, "\r\n")) == 0 {
			return nil
		}
	}
}
