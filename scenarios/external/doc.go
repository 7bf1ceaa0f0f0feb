// Package external runs the clients of others, as they are published: what
// they do behind a proxy is what users of theirs meet.
//
// [Programs] lists them, by exact versions (node/package-lock.json). [Install]
// puts them where they can run, with npm, once for each set of versions; a
// machine without Node or npm has none, and says why. [Kit.Start] runs one of
// them and reads what it reports, a JSON line an event (node/script.js says
// which). A [Client] is such a program in the matrix: a measure.Client.
// [Client.Choose] lets a program choose its transport itself, and says which
// it ended up with, after how long, and what it met on the way.
//
//	kit, err := external.Install(ctx, "")
//	client := external.NewClient(kit, external.Programs()[0])
//
// What it does not do: browsers run other builds of these clients; tests do, in
// Chromium. Programs take no forward proxy, no TLS and no version of HTTP but
// 1.1.
package external
