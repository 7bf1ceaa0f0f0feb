package sockjs

import "net/http"

// htmlfileHead is how many bytes the page's head is filled up to: old
// browsers run nothing before a kilobyte has come.
const htmlfileHead = 1024

// htmlfile is a page that never ends, with a script for each frame.
func htmlfile() transport {
	return transport{name: "htmlfile", method: http.MethodGet, mediaType: "text/html; charset=UTF-8", callback: true,
		prelude: func(dst []byte, callback string) []byte {
			start := len(dst)
			dst = append(dst, `<!doctype html>
<html><head>
  <meta http-equiv="X-UA-Compatible" content="IE=edge" />
  <meta http-equiv="Content-Type" content="text/html; charset=UTF-8" />
</head><body><h2>Don't panic!</h2>
  <script>
    document.domain = document.domain;
    var c = parent.`...)
			dst = append(dst, callback...)
			dst = append(dst, `;
    c.start();
    function p(d) {c.message(d);};
    window.onload = function() {c.stop();};
  </script>`...)
			for len(dst)-start < htmlfileHead {
				dst = append(dst, ' ')
			}
			return append(dst, "\r\n\r\n"...)
		},
		frame: func(dst []byte, _, frame string) []byte {
			dst = append(dst, "<script>\np("...)
			return append(appendScriptQuoted(dst, frame), ");\n</script>\r\n"...)
		},
	}
}

// appendScriptQuoted appends a frame as a string of a script inside a page.
// There an unescaped </ could end the element, and <!-- hide its end. A frame
// has no character that a string literal would need escaped beside quotes and
// backslashes: those went through appendQuoted.
func appendScriptQuoted(dst []byte, frame string) []byte {
	dst = append(dst, '"')
	for i := range len(frame) {
		switch c := frame[i]; {
		case c == '"' || c == '\\':
			dst = append(dst, '\\', c)
		case c == '<' && i+1 < len(frame) && (frame[i+1] == '/' || frame[i+1] == '!'):
			dst = append(dst, `\u003c`...)
		default:
			dst = append(dst, c)
		}
	}
	return append(dst, '"')
}
