package reports

// table is the matrix of one group: a row per proxy, since there are more of
// them and their names are longer, a column per technique.
type table struct {
	ID, Title                  string
	Client, HTTP, TLS, Variant string // what the switches of the page tell tables apart by
	Techniques                 []columnHead
	Rows                       []row
}

// columnHead is a technique and the short name that people look for, if it has
// one.
type columnHead struct{ Name, Alias string }

var aliases = map[string]string{"eventsource": "SSE", "callback-poll": "JSONP", "sockjs-jsonp": "JSONP", "sockjs-eventsource": "SSE"}

type row struct {
	Proxy, Anchor string
	Boxes         []box
}

// box is one cell of the matrix; an empty one was not measured.
type box struct {
	Anchor string
	mark
	Cause  string
	Wavers bool
}

func newTable(r *result, g group, id string, anchors map[string]string) table {
	t := table{ID: id, Title: g.title(), Client: clean(g.client), HTTP: httpOf(g), TLS: tlsOf(g), Variant: formOf(g)}
	techniques := r.techniquesIn(g)
	for _, name := range techniques {
		t.Techniques = append(t.Techniques, columnHead{short(clean(name), 60), aliases[name]})
	}
	for _, proxy := range r.proxiesIn(g) {
		line := row{Proxy: short(clean(proxy), 160), Anchor: anchors[proxy]}
		for _, technique := range techniques {
			b := box{}
			if c := r.at(technique, proxy, g); c != nil {
				b = box{Anchor: anchorOf(c), mark: markOf(c.Verdict), Cause: clean(c.Cause), Wavers: c.Wavers}
			}
			line.Boxes = append(line.Boxes, b)
		}
		t.Rows = append(t.Rows, line)
	}
	return t
}

func httpOf(g group) string {
	if g.http == "" {
		return "1.1"
	}
	return clean(g.http)
}

func tlsOf(g group) string {
	if g.tls {
		return "with TLS"
	}
	return "without TLS"
}

func formOf(g group) string {
	if g.variant == "" {
		return "the usual"
	}
	return clean(g.variant)
}

// switches are the choices that tell the tables apart, those that have more
// than one value.
func switches(tables []table) []selector {
	var out []selector
	for _, s := range []struct {
		id, label string
		of        func(table) string
	}{
		{"client", "Client", func(t table) string { return t.Client }},
		{"http", "HTTP", func(t table) string { return t.HTTP }},
		{"tls", "TLS", func(t table) string { return t.TLS }},
		{"variant", "Variant", func(t table) string { return t.Variant }},
	} {
		c := selector{ID: s.id, Label: s.label}
		seen := map[string]bool{}
		for _, t := range tables {
			if v := s.of(t); !seen[v] {
				seen[v] = true
				c.Values = append(c.Values, v)
			}
		}
		if len(c.Values) > 1 {
			out = append(out, c)
		}
	}
	return out
}

// selector is one switch of the page.
type selector struct {
	ID, Label string
	Values    []string
}
