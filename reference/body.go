package reference

import (
	"bytes"
	"encoding/base64"
	"encoding/json"
	"errors"
	"fmt"
	"mime"
	"unicode/utf8"
)

// ErrBody is wrapped by the errors of EncodeBody.
var ErrBody = errors.New("bad body")

// EncodeBody turns a published body into the value of a message. JSON keeps
// its numbers and escapes as written and loses insignificant white space; text
// becomes a JSON string; any other type, and none, becomes base64 (binary is
// true). The errors wrap ErrBody: JSON that is invalid, or JSON or text that
// is not UTF-8.
func EncodeBody(contentType string, body []byte) (data []byte, binary bool, err error) {
	media, _, err := mime.ParseMediaType(contentType)
	if err != nil {
		media = "" // an unreadable type is some other type
	}
	switch media {
	case "application/json":
		if !utf8.Valid(body) {
			return nil, false, fmt.Errorf("%w: JSON is not UTF-8", ErrBody)
		}
		var out bytes.Buffer
		if err := json.Compact(&out, body); err != nil {
			return nil, false, fmt.Errorf("%w: invalid JSON: %w", ErrBody, err)
		}
		return out.Bytes(), false, nil
	case "text/plain":
		if !utf8.Valid(body) {
			return nil, false, fmt.Errorf("%w: text is not UTF-8", ErrBody)
		}
		return appendJSONString(make([]byte, 0, len(body)+2), string(body)), false, nil
	}
	out := make([]byte, 0, base64.StdEncoding.EncodedLen(len(body))+2)
	out = base64.StdEncoding.AppendEncode(append(out, '"'), body)
	return append(out, '"'), true, nil
}
