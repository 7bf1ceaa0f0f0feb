package main

import (
	"errors"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"strings"
	"testing"

	"github.com/goccy/go-yaml"
)

// readYAML reads a file of ci/ into v; what v does not know is left out.
func readYAML(t *testing.T, path string, v any) {
	t.Helper()
	text, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	if err := yaml.Unmarshal(text, v); err != nil {
		t.Fatalf("%s: %v", path, err)
	}
}

// shell runs lines as a pipeline does, in a directory, with nothing of our
// environment but what programs need; it returns output and exit code.
func shell(t *testing.T, dir, script string, env map[string]string) (string, int) {
	t.Helper()
	bash, err := exec.LookPath("bash")
	if err != nil {
		t.Skip("needs bash (Debian package bash)")
	}
	cmd := exec.CommandContext(t.Context(), bash, "-e", "-o", "pipefail", "-c", script)
	cmd.Dir = dir
	cmd.Env = []string{"PATH=" + binDir + string(os.PathListSeparator) + os.Getenv("PATH"), "HOME=" + os.Getenv("HOME"), "GOTOOLCHAIN=" + os.Getenv("GOTOOLCHAIN")}
	for name, value := range env {
		cmd.Env = append(cmd.Env, name+"="+value)
	}
	out, err := cmd.CombinedOutput()
	var exit *exec.ExitError
	if err != nil && !errors.As(err, &exit) {
		t.Fatalf("%s: %v", script, err)
	}
	return string(out), cmd.ProcessState.ExitCode()
}

const (
	soundPath  = `--technique eventsource --proxy transparent --check delivery/first`
	brokenPath = `--technique eventsource --proxy 'path one.yaml' --check delivery/first`
	brokenFile = "name: path\nmeans: a buffer\nfaults: [\"buffer(until=close)\"]\n"
)

type actionFile struct {
	Inputs map[string]struct{ Default string }
	Runs   struct {
		Steps []struct {
			Name, Uses, Run string
			Env             map[string]string
		}
	}
}

var inputExpression = regexp.MustCompile(`^\$\{\{ inputs\.([a-z-]+) \}\}$`)

// TestAction runs the steps of the composite action as GitHub does, in a clean
// directory: its files for summary and outputs, its inputs by their defaults.
func TestAction(t *testing.T) {
	t.Parallel()
	here, err := filepath.Abs("../../ci/action")
	if err != nil {
		t.Fatal(err)
	}
	var action actionFile
	readYAML(t, filepath.Join(here, "action.yml"), &action)
	for _, c := range []struct {
		name    string
		inputs  map[string]string
		code    int
		summary string
		says    string
	}{
		{"a sound path", map[string]string{"arguments": soundPath}, 0, "## ✓ The one judged cell works", "::notice title=cometbench::The one"},
		{"a broken path", map[string]string{"arguments": brokenPath}, exitGate, "## ✗ 1 broken of 1 judged cell", "::error file=path one.yaml,title=cometbench%3A path one.yaml::eventsource broken: buffered."},
		{"without annotations", map[string]string{"arguments": brokenPath, "annotations": "false", "fail-on": ""}, 0, "## ✗ 1 broken", ""},
		{"wrong input", map[string]string{"suite": "no-such-suite", "arguments": "--quiet"}, exitUsage, "", "cometbench: "},
		{"nothing is expanded", map[string]string{"arguments": "--technique '$(touch expanded)' --check *"}, exitUsage, "", "$(touch expanded)"},
	} {
		t.Run(c.name, func(t *testing.T) {
			t.Parallel()
			dir := t.TempDir()
			if err := os.WriteFile(filepath.Join(dir, "path one.yaml"), []byte(brokenFile), 0o600); err != nil {
				t.Fatal(err)
			}
			out, code := "", 0
			for _, step := range action.Runs.Steps {
				if step.Run == "" || code != 0 {
					continue
				}
				env := map[string]string{"GITHUB_ACTION_PATH": here}
				for _, file := range []string{"GITHUB_STEP_SUMMARY", "GITHUB_OUTPUT", "GITHUB_PATH"} {
					env[file] = filepath.Join(dir, file)
				}
				for name, value := range step.Env {
					if m := inputExpression.FindStringSubmatch(value); m != nil {
						input, known := action.Inputs[m[1]]
						if !known {
							t.Fatalf("step %s asks for an input %s that there is not", step.Name, m[1])
						}
						value = input.Default
						if given, ok := c.inputs[m[1]]; ok {
							value = given
						}
					}
					env[name] = value
				}
				var text string
				text, code = shell(t, dir, step.Run, env)
				out += text
			}
			if code != c.code {
				t.Errorf("exit code %d, want %d\n%s", code, c.code, out)
			}
			summary, _ := os.ReadFile(filepath.Join(dir, "GITHUB_STEP_SUMMARY"))
			if !strings.HasPrefix(string(summary), c.summary) {
				t.Errorf("the summary is %.300q", summary)
			}
			if c.says == "" && strings.Contains(out, "::") || !strings.Contains(out, c.says) {
				t.Errorf("no %q in\n%s", c.says, out)
			}
			if outputs, _ := os.ReadFile(filepath.Join(dir, "GITHUB_OUTPUT")); c.summary != "" && !strings.Contains(string(outputs), "directory=cometbench-run\n") {
				t.Errorf("outputs %q", outputs)
			}
			if _, err := os.Stat(filepath.Join(dir, "expanded")); err == nil {
				t.Error("an argument was run as a command")
			}
			for _, file := range []string{"results.jsonl", "report.html", "junit.xml"} {
				if _, err := os.Stat(filepath.Join(dir, "cometbench-run", file)); c.summary != "" && err != nil {
					t.Error(err)
				}
			}
		})
	}
}

type gitlabJob struct {
	Variables    map[string]string
	BeforeScript []string `yaml:"before_script"`
	Script       []string
	AfterScript  []string `yaml:"after_script"`
	Artifacts    struct {
		Paths   []string
		Reports struct{ JUnit string }
	}
}

// TestGitLabTemplate runs the template's job as a runner does, in a clean
// directory.
func TestGitLabTemplate(t *testing.T) {
	t.Parallel()
	var file map[string]gitlabJob
	readYAML(t, "../../ci/gitlab-template.yml", &file)
	job := file[".cometbench"]
	for _, c := range []struct {
		name, arguments string
		code            int
		says            string
	}{
		{"a sound path", soundPath, 0, "The one judged cell works."},
		{"a broken path", brokenPath, exitGate, "gate"},
		{"wrong input", "--technique no-such-technique", exitUsage, "no-such-technique"},
	} {
		t.Run(c.name, func(t *testing.T) {
			t.Parallel()
			dir := t.TempDir()
			if err := os.WriteFile(filepath.Join(dir, "path one.yaml"), []byte(brokenFile), 0o600); err != nil {
				t.Fatal(err)
			}
			env := map[string]string{}
			for name, value := range job.Variables {
				env[name] = value
			}
			env["COMETBENCH_ARGUMENTS"] = c.arguments
			out, code := shell(t, dir, strings.Join(append(job.BeforeScript, job.Script...), "\n"), env)
			if code != c.code || !strings.Contains(out, c.says) {
				t.Errorf("exit code %d, want %d, and %q in\n%s", code, c.code, c.says, out)
			}
			if after, code := shell(t, dir, strings.Join(job.AfterScript, "\n"), env); code != 0 {
				t.Errorf("after_script: %d\n%s", code, after)
			}
			for _, path := range append(job.Artifacts.Paths, job.Artifacts.Reports.JUnit) {
				if _, err := os.Stat(filepath.Join(dir, path)); path == "" || c.code != exitUsage && err != nil {
					t.Errorf("the artifact %q: %v", path, err)
				}
			}
		})
	}
}
