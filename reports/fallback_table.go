package reports

import (
	"fmt"
	"io"
	"slices"
	"strings"

	"github.com/cometbench/cometbench/scenarios/measure"
)

// FallbackTable writes what clients that may choose end up with as a table of
// its own: a row for each path, a column for each client, and below it what
// they met on the way. It fails when no run asked (opening/fallback).
func FallbackTable(w io.Writer, runs []*measure.Run) error {
	all := merge(runs).fallbacks()
	if len(all) == 0 {
		return fmt.Errorf("write table of fallbacks: no run asked %s", fallbackCheck)
	}
	var clients, paths []string
	cells := map[string]fallback{}
	for _, f := range all {
		cells[f.client+"\n"+f.proxy] = f
		if !slices.Contains(clients, f.client) {
			clients = append(clients, f.client)
		}
		if !slices.Contains(paths, f.proxy) {
			paths = append(paths, f.proxy)
		}
	}
	var b strings.Builder
	b.WriteString(fallbackIntro)
	row := func(first string, of func(client string) string) {
		fmt.Fprintf(&b, "| %s |", first)
		for _, c := range clients {
			fmt.Fprintf(&b, " %s |", of(c))
		}
		b.WriteString("\n")
	}
	row("path", cellCode)
	row("---", func(string) string { return "---" })
	for _, p := range paths {
		row(cellCode(short(p, 120)), func(c string) string {
			f, asked := cells[c+"\n"+p]
			switch {
			case !asked:
				return ""
			case f.transport == "none":
				return "nothing"
			case f.first == "-":
				return cellCode(f.transport) + " " + f.opened + ", and no message"
			}
			return cellCode(f.transport) + " " + f.opened
		})
	}
	b.WriteString("\n## What they met before\n\n| path | client | |\n|---|---|---|\n")
	for _, p := range paths {
		for _, c := range clients {
			if _, met, _ := strings.Cut(cells[c+"\n"+p].story, "; before, "); met != "" {
				fmt.Fprintf(&b, "| %s | %s | %s |\n", cellCode(short(p, 120)), cellCode(c), cellCode(short(met, 300)))
			}
		}
	}
	if _, err := io.WriteString(w, b.String()); err != nil {
		return fmt.Errorf("write table of fallbacks: %w", err)
	}
	return nil
}

const fallbackIntro = `# What do real clients fall back to?

Each client, as it is published and in Node, may use all its transports and is asked through each path: which one it has in the end, and how long after
it began its session was open. "And no message" says that it was open and nothing came within 30 s. sockjs-client gives each transport only some times
what one answer took, and so goes further on a busy machine; jsonp-polling is not among its choices in Node. Times are of one run on one
machine, four cells at once; a tenth of a second more or less says nothing. Paths that are forward proxies only are not here: these clients take none in
Node.
` + "`make fallback` writes this table.\n\n"
