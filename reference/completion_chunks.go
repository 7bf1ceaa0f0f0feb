package reference

import "strconv"

// completionChunks makes the chunks of one streamed completion. Each is an
// event with an object of the API in it, to which the field cometbench is
// added, so that an observer can measure: n counts the chunks from 1, due_us is
// the planned time and sent_us the time of the write, in Unix microseconds.
// Clients of the API ignore what they do not know.
type completionChunks struct {
	start string // what is the same in each up to the choices
	usage bool   // the last but one says what the completion cost, the others null
	n     int
	now   func() int64 // Unix microseconds
}

func (c *completionChunks) role(dst []byte, dueUS int64) []byte {
	return c.choice(dst, `{"role":"assistant","content":""}`, "", dueUS)
}

func (c *completionChunks) token(dst []byte, token string, dueUS int64) []byte {
	delta := append(appendJSONString([]byte(`{"content":`), token), '}')
	return c.choice(dst, string(delta), "", dueUS)
}

// finish says why there are no more tokens.
func (c *completionChunks) finish(dst []byte, reason string, dueUS int64) []byte {
	return c.choice(dst, "{}", reason, dueUS)
}

func (c *completionChunks) choice(dst []byte, delta, reason string, dueUS int64) []byte {
	dst = append(append(dst, c.start...), `[{"index":0,"delta":`...)
	dst = append(append(dst, delta...), `,"finish_reason":`...)
	if reason == "" {
		dst = append(dst, "null"...)
	} else {
		dst = appendJSONString(dst, reason)
	}
	dst = append(dst, "}]"...)
	if c.usage {
		dst = append(dst, `,"usage":null`...)
	}
	return c.end(dst, dueUS)
}

// cost is the chunk without a choice that says what the completion cost.
func (c *completionChunks) cost(dst []byte, prompt, completion int, dueUS int64) []byte {
	dst = append(append(dst, c.start...), "[]"...)
	return c.end(appendUsage(dst, prompt, completion), dueUS)
}

func (c *completionChunks) end(dst []byte, dueUS int64) []byte {
	c.n++
	return append(appendMeasure(dst, c.n, dueUS, c.now()), "}\n\n"...)
}

// appendUsage appends the member that says what a completion cost.
func appendUsage(dst []byte, prompt, completion int) []byte {
	dst = strconv.AppendInt(append(dst, `,"usage":{"prompt_tokens":`...), int64(prompt), 10)
	dst = strconv.AppendInt(append(dst, `,"completion_tokens":`...), int64(completion), 10)
	dst = strconv.AppendInt(append(dst, `,"total_tokens":`...), int64(prompt+completion), 10)
	return append(dst, '}')
}

// appendMeasure appends the member for observers.
func appendMeasure(dst []byte, n int, dueUS, sentUS int64) []byte {
	dst = strconv.AppendInt(append(dst, `,"cometbench":{"n":`...), int64(n), 10)
	dst = strconv.AppendInt(append(dst, `,"due_us":`...), dueUS, 10)
	dst = strconv.AppendInt(append(dst, `,"sent_us":`...), sentUS, 10)
	return append(dst, '}')
}
