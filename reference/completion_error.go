package reference

import "net/http"

// apiError is a refusal in the shape of the API.
type apiError struct {
	status  int
	message string
	param   string // the parameter of the body that is wrong, "" for none
	code    string // "" for none
}

func (e *apiError) Error() string { return e.message }

func badParam(param, code, message string) error {
	return &apiError{status: http.StatusBadRequest, message: message, param: param, code: code}
}

// appendJSON appends the error as the body of an answer, or the data of an
// event.
func (e *apiError) appendJSON(dst []byte) []byte {
	orNull := func(dst []byte, s string) []byte {
		if s == "" {
			return append(dst, "null"...)
		}
		return appendJSONString(dst, s)
	}
	kind := "invalid_request_error"
	if e.status >= http.StatusInternalServerError {
		kind = "server_error"
	}
	dst = appendJSONString(append(dst, `{"error":{"message":`...), e.message)
	dst = appendJSONString(append(dst, `,"type":`...), kind)
	dst = orNull(append(dst, `,"param":`...), e.param)
	dst = orNull(append(dst, `,"code":`...), e.code)
	return append(dst, "}}"...)
}

// answer answers a request with the error.
func (e *apiError) answer(w http.ResponseWriter) {
	h := w.Header()
	h.Set("Content-Type", "application/json")
	h.Set("X-Content-Type-Options", "nosniff")
	h.Set("Cache-Control", "no-store")
	w.WriteHeader(e.status)
	_, _ = w.Write(append(e.appendJSON(nil), '\n')) // the peer may be gone
}
