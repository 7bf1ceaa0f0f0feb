package reference

import (
	"encoding/json"
	"errors"
	"fmt"
)

const (
	bytesPerPromptToken = 4 // what the usage of a prompt is reckoned by
	defaultSeed         = 1
)

// completionRequest is what the stand-in model reads of a request's body. The
// rest (temperature, tools and so on) changes nothing.
type completionRequest struct {
	Model    string `json:"model"`
	Messages []struct {
		Role    string          `json:"role"`
		Content json.RawMessage `json:"content"`
	} `json:"messages"`
	Stream        bool `json:"stream"`
	StreamOptions *struct {
		IncludeUsage bool `json:"include_usage"`
	} `json:"stream_options"`
	MaxTokens           *int   `json:"max_tokens"`
	MaxCompletionTokens *int   `json:"max_completion_tokens"` // the later name
	Choices             *int   `json:"n"`
	Seed                *int64 `json:"seed"`
}

// parseCompletionRequest reads a body as the API has it. The error is an
// *apiError.
func parseCompletionRequest(body []byte) (completionRequest, error) {
	var q completionRequest
	err := json.Unmarshal(body, &q)
	var wrong *json.UnmarshalTypeError
	switch {
	case errors.As(err, &wrong) && wrong.Field != "":
		return q, badParam(wrong.Field, "invalid_type", fmt.Sprintf("%.80s has the wrong type: %.40s", wrong.Field, wrong.Value))
	case errors.As(err, &wrong):
		return q, badParam("", "", fmt.Sprintf("the body is a JSON %.40s, want an object", wrong.Value))
	case err != nil:
		return q, badParam("", "", "the body is not JSON: "+err.Error())
	}
	return q, q.check()
}

func (q *completionRequest) check() error {
	switch {
	case q.Model == "":
		return badParam("model", "missing_required_parameter", "model is missing")
	case len(q.Model) > maxWord:
		return badParam("model", "string_above_max_length", fmt.Sprintf("model is longer than %d bytes", maxWord))
	case q.Messages == nil:
		return badParam("messages", "missing_required_parameter", "messages is missing")
	case len(q.Messages) == 0:
		return badParam("messages", "empty_array", "messages is empty")
	case q.StreamOptions != nil && !q.Stream:
		return badParam("stream_options", "", "stream_options goes with stream only")
	case q.Choices != nil && *q.Choices != 1:
		return badParam("n", "unsupported_value", "n is not 1: this model makes one choice")
	}
	for i, m := range q.Messages {
		if m.Role == "" {
			name := fmt.Sprintf("messages[%d].role", i)
			return badParam(name, "missing_required_parameter", name+" is missing")
		}
	}
	if err := checkLimit("max_tokens", q.MaxTokens); err != nil {
		return err
	}
	return checkLimit("max_completion_tokens", q.MaxCompletionTokens)
}

func checkLimit(name string, n *int) error {
	if n != nil && *n < 1 {
		return badParam(name, "integer_below_min_value", name+" is less than 1")
	}
	return nil
}

// limited returns how many of n tokens the request lets through.
func (q *completionRequest) limited(n int) int {
	for _, limit := range []*int{q.MaxTokens, q.MaxCompletionTokens} {
		if limit != nil {
			n = min(n, *limit)
		}
	}
	return n
}

// includeUsage reports whether a stream is to end with a chunk of its usage.
func (q *completionRequest) includeUsage() bool {
	return q.StreamOptions != nil && q.StreamOptions.IncludeUsage
}

// promptTokens is what the messages count for.
func (q *completionRequest) promptTokens() int {
	n := 0
	for _, m := range q.Messages {
		n += (len(m.Content) + bytesPerPromptToken - 1) / bytesPerPromptToken
	}
	return n
}

// seed is the given one, or the body's, or the usual one.
func (q *completionRequest) seed(given int64) uint64 {
	switch {
	case given != 0:
		return uint64(given)
	case q.Seed != nil:
		return uint64(*q.Seed)
	}
	return defaultSeed
}
