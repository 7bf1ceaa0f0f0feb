package real

import (
	"crypto/sha256"
	"embed"
	"encoding/hex"
	"errors"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"strings"
	"text/template"
)

//go:embed configs/*.conf
var configs embed.FS

// Config is a configuration of a program: a text/template over Values.
type Config struct {
	Name  string `json:"name"`  // "stock"; "" for a user's own file
	Means string `json:"means"` // one sentence
	Text  string `json:"-"`     // the template
	File  string `json:"-"`     // a user's own file, as the spec gives it

	tmpl  *template.Template
	parts []part // what it needs beside the program
}

// Values are what a configuration is filled with.
type Values struct {
	Listen    string // host:port to listen on
	Origin    string // host:port of the origin
	OriginURL string // http://host:port of the origin
	AJP       string // host:port of an AJP/1.3 adapter in front of the origin, started for those that name it
	Dir       string // the instance's own directory, empty at the start and removed at the end
	Here      string // the directory of the user's own file; "" otherwise
}

// embedded returns a configuration that comes with the program. Its text is a
// part of this package, so a fault in it is ours.
func embedded(program, name, means string) Config {
	return composed(name, means, program+"-"+name)
}

// composed is embedded for a configuration that is made of several files, one
// after the other.
func composed(name, means string, files ...string) Config {
	c := Config{Name: name, Means: means}
	for _, file := range files {
		text, err := configs.ReadFile("configs/" + file + ".conf")
		if err != nil {
			panic(err)
		}
		c.Text += string(text)
	}
	c.tmpl = template.Must(template.New(name).Parse(c.Text))
	return c
}

// maxFile bounds a user's own file.
const maxFile = 1 << 20

// own reads a user's own file for a program and tries it.
func own(path string, p Program) (Config, error) {
	f, err := os.Open(path)
	if err != nil {
		return Config{}, fmt.Errorf("configuration file: %w", err)
	}
	defer f.Close()
	text, err := io.ReadAll(io.LimitReader(f, maxFile+1))
	if err != nil {
		return Config{}, fmt.Errorf("configuration file: %w", err)
	}
	if len(text) > maxFile {
		return Config{}, fmt.Errorf("configuration file %s: larger than %d bytes", path, maxFile)
	}
	c := Config{Means: "the user's own file", Text: string(text), File: path}
	c.tmpl, err = template.New(path).Parse(c.Text)
	if err != nil {
		return Config{}, fmt.Errorf("configuration file: %w", err)
	}
	listen, err := c.namesListen()
	if err != nil {
		return Config{}, fmt.Errorf("configuration file: %w", err)
	}
	origin, err := c.namesOrigin()
	_, elsewhere := p.driver.(placed)
	switch {
	case err != nil:
		return Config{}, fmt.Errorf("configuration file: %w", err)
	case !listen && !elsewhere:
		return Config{}, fmt.Errorf("configuration file %s: %w", path, errNoListen)
	case !origin:
		return Config{}, fmt.Errorf("configuration file %s: %w", path, errNoOrigin)
	}
	return c, nil
}

var (
	errNoListen = errors.New("it does not say {{.Listen}} where the proxy is to listen")
	errNoOrigin = errors.New("it does not say {{.Origin}} or {{.OriginURL}} where the origin is")
)

// render fills the template.
func (c Config) render(v Values) (string, error) {
	if c.File != "" && v.Here == "" {
		abs, err := filepath.Abs(c.File)
		if err != nil {
			return "", fmt.Errorf("fill in %s: %w", c.File, err)
		}
		v.Here = filepath.Dir(abs)
	}
	var b strings.Builder
	if err := c.tmpl.Execute(&b, v); err != nil {
		return "", err
	}
	return b.String(), nil
}

// hash identifies the configuration in results: that of the template, so that
// ports and directories do not change it.
func (c Config) hash() string {
	sum := sha256.Sum256([]byte(c.Text))
	return "sha256:" + hex.EncodeToString(sum[:])
}

// confPath is where the filled-in configuration of an instance lies.
func confPath(dir string) string { return filepath.Join(dir, "proxy.conf") }

// write lays text down for the program to read.
func write(path, text string) error {
	if err := os.WriteFile(path, []byte(text), 0o600); err != nil {
		return fmt.Errorf("write configuration: %w", err)
	}
	return nil
}
