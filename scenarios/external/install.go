package external

import (
	"context"
	"crypto/sha256"
	"embed"
	"encoding/hex"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"os/exec"
	"path/filepath"
	"time"

	"github.com/cometbench/cometbench/internal/child"
)

//go:embed node/package.json node/package-lock.json node/*.js
var files embed.FS

// ErrMissing is wrapped by the errors of Install that say what this machine
// lacks.
var ErrMissing = errors.New("not here")

// Kit is a directory with the scripts and the packages that they need.
type Kit struct {
	dir  string
	node string // the program
}

// Packages are the files of the packages, as below node_modules: among them
// the builds for browsers.
func (k *Kit) Packages() fs.FS { return os.DirFS(filepath.Join(k.dir, "node_modules")) }

// npmAllowed bounds the fetching of packages.
const npmAllowed = 3 * time.Minute

// Install prepares the programs below dir, or below the user's cache where dir
// is "": the scripts, and by `npm ci` the packages of the lock file, unless
// they are there from an earlier time. It wraps ErrMissing when node or npm is
// not here or the registry cannot be reached. Several processes may do it at
// once.
func Install(ctx context.Context, dir string) (*Kit, error) {
	node, err := exec.LookPath("node")
	if err != nil {
		return nil, fmt.Errorf("install external clients: node %w (Debian: nodejs)", ErrMissing)
	}
	if dir == "" {
		cache, err := os.UserCacheDir()
		if err != nil {
			cache = os.TempDir()
		}
		dir = filepath.Join(cache, "cometbench", "external-"+sumOfFiles())
	}
	k := &Kit{dir: dir, node: node}
	if _, err := os.Stat(filepath.Join(dir, installed)); err == nil {
		return k, nil
	}
	npm, err := exec.LookPath("npm")
	if err != nil {
		return nil, fmt.Errorf("install external clients: npm %w (Debian: npm)", ErrMissing)
	}
	if err := os.MkdirAll(filepath.Dir(dir), 0o755); err != nil {
		return nil, fmt.Errorf("install external clients: %w", err)
	}
	// Beside its place and then moved there, so that nobody finds half of it.
	building, err := os.MkdirTemp(filepath.Dir(dir), "installing-*")
	if err != nil {
		return nil, fmt.Errorf("install external clients: %w", err)
	}
	defer os.RemoveAll(building)
	if err := writeFiles(building); err != nil {
		return nil, fmt.Errorf("install external clients: %w", err)
	}
	if err := fetch(ctx, npm, building); err != nil {
		return nil, fmt.Errorf("install external clients: %w", err)
	}
	if err := os.WriteFile(filepath.Join(building, installed), nil, 0o644); err != nil {
		return nil, fmt.Errorf("install external clients: %w", err)
	}
	if err := os.Rename(building, dir); err != nil {
		if _, done := os.Stat(filepath.Join(dir, installed)); done != nil { // by somebody else, in the meantime
			return nil, fmt.Errorf("install external clients: %w", err)
		}
	}
	return k, nil
}

// Lacking says which program that Install needs is not here; the error wraps
// ErrMissing. Whether the registry can be reached is not asked.
func Lacking() error {
	for _, name := range []string{"node", "npm"} {
		if _, err := exec.LookPath(name); err != nil {
			return fmt.Errorf("%s is %w (Debian: %s)", name, ErrMissing, map[string]string{"node": "nodejs", "npm": "npm"}[name])
		}
	}
	return nil
}

// installed is the file that says that all is there.
const installed = ".installed"

func lockFile() []byte {
	b, _ := files.ReadFile("node/package-lock.json") // it is embedded
	return b
}

// sumOfFiles names a set of scripts and versions.
func sumOfFiles() string {
	h := sha256.New()
	_ = fs.WalkDir(files, "node", func(path string, d fs.DirEntry, _ error) error {
		if !d.IsDir() {
			b, _ := files.ReadFile(path)
			fmt.Fprintf(h, "%s %d\n%s", path, len(b), b)
		}
		return nil
	})
	return hex.EncodeToString(h.Sum(nil)[:6])
}

func writeFiles(dir string) error {
	all, err := fs.Sub(files, "node")
	if err != nil {
		return err
	}
	return os.CopyFS(dir, all)
}

// fetch runs npm ci. Scripts of packages are not run: none of these needs any.
func fetch(ctx context.Context, npm, dir string) error {
	ctx, cancel := context.WithTimeout(ctx, npmAllowed)
	defer cancel()
	p, err := child.Start(child.Config{
		Path: npm, Args: []string{"ci", "--ignore-scripts", "--no-audit", "--no-fund", "--loglevel=error"}, Dir: dir,
	})
	if err != nil {
		return err
	}
	select {
	case <-p.Done():
	case <-ctx.Done():
		return errors.Join(ctx.Err(), p.Stop(context.WithoutCancel(ctx)))
	}
	if _, err := os.Stat(filepath.Join(dir, "node_modules")); err != nil {
		return fmt.Errorf("the packages are %w: npm: %s", ErrMissing, p.Stderr().LastLine())
	}
	return nil
}
