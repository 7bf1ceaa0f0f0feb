package real

import (
	"os"
	"os/user"
	"path/filepath"
	"strconv"
)

// everybody is where the directories of programs lie that run as nobody when
// those of root's are closed to them.
const everybody = "/tmp"

// tempDir is where the directories of the program's instances are made; "" is
// the usual place.
func (p Program) tempDir() string {
	d, ok := p.driver.(disowned)
	if !ok || !d.runsAsNobody() || open(os.TempDir()) {
		return ""
	}
	return everybody
}

// open reports whether everybody can get through to dir.
func open(dir string) bool {
	dir, err := filepath.Abs(dir)
	if err != nil {
		return false
	}
	for ; ; dir = filepath.Dir(dir) {
		const passable = 0o001
		if info, err := os.Stat(dir); err != nil || info.Mode()&passable == 0 {
			return false
		}
		if dir == filepath.Dir(dir) {
			return true
		}
	}
}

// nobody is whom programs run as that refuse to be root.
func nobody() (uid, gid uint32) {
	const everywhere = 65534 // where the name is unknown: Linux's, the BSDs'
	uid, gid = everywhere, everywhere
	u, err := user.Lookup("nobody")
	if err != nil {
		return uid, gid
	}
	if n, err := strconv.ParseUint(u.Uid, 10, 32); err == nil {
		uid = uint32(n)
	}
	if n, err := strconv.ParseUint(u.Gid, 10, 32); err == nil {
		gid = uint32(n)
	}
	return uid, gid
}
