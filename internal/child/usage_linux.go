package child

import (
	"bufio"
	"bytes"
	"errors"
	"fmt"
	"os"
	"slices"
	"strconv"
	"time"

	"golang.org/x/sys/unix"
)

// tick is the unit of times in /proc/PID/stat. The kernel shows 100 ticks a
// second to programs on every architecture Go runs on.
const tick = 10 * time.Millisecond

// process is what one line of /proc/PID/stat tells.
type process struct {
	pid, parent, group int
	zombie             bool
	cpu, waited        time.Duration // its own, and that of children it waited for
	threads            int
	rss                int64 // bytes
}

func measure(pid int, group bool) (Usage, error) {
	tree, err := tree(pid, group)
	if err != nil {
		return Usage{}, fmt.Errorf("measure process %d: %w", pid, err)
	}
	var u Usage
	for _, p := range tree {
		u.CPU += p.cpu + p.waited
		if p.zombie {
			continue
		}
		u.Processes++
		u.Threads += p.threads
		if pss, ok := proportional(p.pid); ok {
			p.rss = pss
		}
		u.RSS += p.rss
		if n := descriptors(p.pid); n < 0 {
			u.Descriptors = -1
		} else if u.Descriptors >= 0 {
			u.Descriptors += n
		}
	}
	if u.Processes == 0 {
		return Usage{}, fmt.Errorf("measure process %d: %w", pid, os.ErrProcessDone)
	}
	return u, nil
}

// tree returns the process with its descendants, and with its group's members
// if asked to, ordered by number.
func tree(pid int, group bool) ([]process, error) {
	dir, err := os.Open("/proc")
	if err != nil {
		return nil, ErrNoUsage
	}
	defer dir.Close()
	names, err := dir.Readdirnames(-1)
	if err != nil {
		return nil, err
	}
	all := make(map[int]process, len(names))
	for _, name := range names {
		n, err := strconv.Atoi(name)
		if err != nil {
			continue
		}
		if p, ok := stat(n); ok { // else it ended just now
			all[n] = p
		}
	}
	if _, ok := all[pid]; !ok {
		return nil, os.ErrProcessDone
	}
	var out []process
	for _, p := range all {
		if (group && p.group == pid) || descends(all, p, pid) {
			out = append(out, p)
		}
	}
	slices.SortFunc(out, func(a, b process) int { return a.pid - b.pid })
	return out, nil
}

// descends reports whether p is pid or was started by it, however indirectly.
func descends(all map[int]process, p process, pid int) bool {
	for range len(all) { // numbers reused while we read could make a ring
		if p.pid == pid {
			return true
		}
		parent, ok := all[p.parent]
		if !ok {
			return false
		}
		p = parent
	}
	return false
}

// stat reads /proc/PID/stat (proc(5)).
func stat(pid int) (process, bool) {
	line, err := os.ReadFile(fmt.Sprintf("/proc/%d/stat", pid))
	if err != nil {
		return process{}, false
	}
	// The second field, the name in brackets, may hold blanks and brackets.
	i := bytes.LastIndexByte(line, ')')
	if i < 0 {
		return process{}, false
	}
	f := bytes.Fields(line[i+1:]) // f[0] is field 3 of the manual page
	if len(f) < 22 {
		return process{}, false
	}
	number := func(field int) int64 {
		n, _ := strconv.ParseInt(string(f[field-3]), 10, 64)
		return n
	}
	p := process{
		pid:     pid,
		zombie:  f[0][0] == 'Z' || f[0][0] == 'X',
		parent:  int(number(4)),
		group:   int(number(5)),
		cpu:     time.Duration(number(14)+number(15)) * tick, // user and system mode
		waited:  time.Duration(number(16)+number(17)) * tick,
		threads: int(number(20)),
		rss:     number(24) * int64(os.Getpagesize()),
	}
	if exact, ok := cpuClock(pid); ok {
		p.cpu = exact
	}
	return p, true
}

// cpuClock reads the clock that counts the processor time of another process
// (clock_getcpuclockid(3)). Its number is the complement of the process's with
// 2, for the scheduler's own count, in the lowest bits.
func cpuClock(pid int) (time.Duration, bool) {
	var at unix.Timespec
	if err := unix.ClockGettime(int32(^pid<<3|2), &at); err != nil {
		return 0, false
	}
	return time.Duration(at.Nano()), true
}

// proportional reads the proportional set size: each shared page divided by
// the number of processes that share it. It needs the right to trace pid.
func proportional(pid int) (int64, bool) {
	text, err := os.ReadFile(fmt.Sprintf("/proc/%d/smaps_rollup", pid))
	if err != nil {
		return 0, false
	}
	for lines := bufio.NewScanner(bytes.NewReader(text)); lines.Scan(); {
		rest, ok := bytes.CutPrefix(lines.Bytes(), []byte("Pss:"))
		if !ok {
			continue
		}
		kb, err := strconv.ParseInt(string(bytes.TrimSuffix(bytes.TrimSpace(rest), []byte(" kB"))), 10, 64)
		return kb << 10, err == nil
	}
	return 0, false
}

// descriptors counts the open descriptors of pid, -1 when it may not.
func descriptors(pid int) int {
	dir, err := os.Open(fmt.Sprintf("/proc/%d/fd", pid))
	if errors.Is(err, os.ErrNotExist) {
		return 0 // it ended just now
	}
	if err != nil {
		return -1
	}
	defer dir.Close()
	names, err := dir.Readdirnames(-1)
	if err != nil {
		return -1
	}
	if pid == os.Getpid() {
		return len(names) - 1 // dir itself
	}
	return len(names)
}
