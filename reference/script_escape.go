package reference

import "bytes"

// AppendScript appends a script element and a line end: it calls function of
// the page's parent with arguments that are JSON, escaped so that nothing in
// them ends the element.
func AppendScript(dst []byte, function string, args ...[]byte) []byte {
	dst = append(dst, "<script>parent."...)
	dst = append(dst, function...)
	dst = append(dst, '(')
	for i, arg := range args {
		if i > 0 {
			dst = append(dst, ',')
		}
		dst = appendScriptJSON(dst, arg, true)
	}
	return append(dst, ")</script>\n"...)
}

// appendScriptJSON appends a JSON text so that it can stand in a script. The
// line separators U+2028 and U+2029 end a statement in engines older than
// ES2019. `</` may end the element and `<!--` may hide its end; every < is
// escaped with every set. Outside of strings JSON has none of these, so the
// value stays the same.
func appendScriptJSON(dst, json []byte, every bool) []byte {
	for len(json) > 0 {
		i := bytes.IndexAny(json, "<\u2028\u2029")
		if i < 0 {
			break
		}
		dst = append(dst, json[:i]...)
		json = json[i:]
		switch {
		case json[0] == '<':
			if every || bytes.HasPrefix(json, []byte("</")) || bytes.HasPrefix(json, []byte("<!--")) {
				dst = append(dst, `\u003c`...)
			} else {
				dst = append(dst, '<')
			}
			json = json[1:]
		case bytes.HasPrefix(json, []byte("\u2028")):
			dst = append(dst, `\u2028`...)
			json = json[len("\u2028"):]
		default:
			dst = append(dst, `\u2029`...)
			json = json[len("\u2029"):]
		}
	}
	return append(dst, json...)
}
