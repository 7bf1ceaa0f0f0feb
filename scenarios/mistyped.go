package scenarios

import (
	"fmt"
	"mime"
	"strings"
)

// mistyped says how the path changed the type of an answer that a browser takes
// only under its own: EventSource fails for good, parts have no boundary, and a
// page shows as text what should have run in it. "" when it did not, or where
// the technique reads the body under any type.
func mistyped(c Case, e *Evidence) string {
	ctl := c.Control[e.Trial]
	if ctl == nil || c.App != nil {
		return ""
	}
	direct, ok := firstHead(ctl)
	head, answered := firstHead(e)
	if !ok || !answered || head.Status != direct.Status {
		return ""
	}
	sent, _, err := mime.ParseMediaType(direct.ContentType)
	if err != nil || sent != "text/event-stream" && sent != "text/html" && !strings.HasPrefix(sent, "multipart/") {
		return ""
	}
	came, params, _ := mime.ParseMediaType(head.ContentType) // what cannot be parsed is no type
	if came == sent && (params["boundary"] != "" || !strings.HasPrefix(sent, "multipart/")) {
		return ""
	}
	return fmt.Sprintf("the answer came with the Content-Type %q, over the direct path with %q: browsers do not take it so", head.ContentType, direct.ContentType)
}
