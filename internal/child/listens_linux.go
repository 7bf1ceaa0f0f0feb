package child

import (
	"bufio"
	"bytes"
	"fmt"
	"os"
	"path/filepath"
	"strconv"
)

func pids(pid int) ([]int, error) {
	tree, err := tree(pid, true)
	if err != nil {
		return nil, fmt.Errorf("list processes of %d: %w", pid, err)
	}
	var out []int
	for _, p := range tree {
		if !p.zombie {
			out = append(out, p.pid)
		}
	}
	return out, nil
}

func listens(pid, port int) (bool, error) {
	all, err := pids(pid)
	if err != nil {
		return false, err
	}
	sockets := make(map[string]bool)
	for _, table := range []string{"/proc/net/tcp", "/proc/net/tcp6"} {
		listeners(table, port, sockets)
	}
	for _, p := range all {
		links, _ := filepath.Glob(fmt.Sprintf("/proc/%d/fd/*", p))
		for _, link := range links {
			if to, err := os.Readlink(link); err == nil && sockets[to] {
				return true, nil
			}
		}
	}
	return false, nil
}

// listeners adds the sockets that listen on port, written as the links of
// /proc/PID/fd name them.
func listeners(table string, port int, to map[string]bool) {
	f, err := os.Open(table)
	if err != nil {
		return // no IPv6 here
	}
	defer f.Close()
	const state, listen, inode = 3, "0A", 9 // proc_net_tcp.txt of the kernel
	for lines := bufio.NewScanner(f); lines.Scan(); {
		field := bytes.Fields(lines.Bytes())
		if len(field) <= inode || string(field[state]) != listen {
			continue
		}
		_, hex, ok := bytes.Cut(field[1], []byte(":"))
		if n, err := strconv.ParseUint(string(hex), 16, 16); ok && err == nil && int(n) == port {
			to["socket:["+string(field[inode])+"]"] = true
		}
	}
}
