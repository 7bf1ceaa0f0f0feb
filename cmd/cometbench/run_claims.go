package main

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"slices"
	"strings"

	"github.com/cometbench/cometbench/browsers"
	"github.com/cometbench/cometbench/reports"
	"github.com/cometbench/cometbench/scenarios"
	"github.com/cometbench/cometbench/scenarios/claims"
	"github.com/cometbench/cometbench/scenarios/measure"
	"github.com/cometbench/cometbench/scenarios/suite"
)

func claimNames() []string {
	var out []string
	for _, c := range claims.All() {
		out = append(out, c.Name)
	}
	return out
}

// claimsOnly reports whether claims are all that is asked for.
func (o runOptions) claimsOnly() bool { return len(o.Claims) > 0 }

// checkClaims refuses what does not go with --claim: a claim says itself what
// is measured, and how.
func (o runOptions) checkClaims() error {
	if !o.claimsOnly() {
		return nil
	}
	for _, flag := range []string{"app", "via", "technique", "proxy", "client", "check", "mode", "http", "variant", "tls", "shard", "prove", "repeat", "baseline", "origin", "origin-listen"} {
		if o.gave(flag) {
			return usage("--claim tests a claim as the claim says; leave --%s away", flag)
		}
	}
	return nil
}

// claims are those that a run tests: the ones that are named, or those of its
// suite, where nothing narrows that.
func (o runOptions) claims(s *suite.Suite) ([]claims.Claim, error) {
	wanted := o.Claims
	if len(wanted) == 0 && s != nil && !o.narrowed() && !o.gave("check") && o.origin == "" && (o.Shard == "" || strings.HasPrefix(o.Shard, "1/")) {
		wanted = s.Claims
	}
	names, err := selectNames("claim", wanted, claimNames())
	if err != nil || len(names) == 0 {
		return nil, err
	}
	return claims.Match(names), nil
}

// test tests claims and appends what became of each. Those that an interrupted
// run has answers to are not tested again.
func (o runOptions) test(ctx context.Context, wanted []claims.Claim, w *measure.Writer, bar *progress, stdout io.Writer) (err error) {
	if len(wanted) == 0 {
		return nil
	}
	before, err := measure.Read(w.Dir())
	if err != nil {
		return err
	}
	wanted = slices.DeleteFunc(wanted, func(c claims.Claim) bool {
		return slices.ContainsFunc(before.Claims, func(r measure.ClaimRecord) bool { return r.Claim == c.Name })
	})
	self, err := os.Executable()
	if err != nil {
		return fmt.Errorf("find this program: %w", err)
	}
	lab := &claims.Lab{
		Dir: w.Dir(), Say: bar.say,
		Start: func(ctx context.Context, flags ...string) (scenarios.Origin, error) {
			return scenarios.Child(ctx, self, append([]string{"--listen", "127.0.0.1:0"}, flags...)...)
		},
		Chromium: func(ctx context.Context) (measure.Browser, error) {
			b, err := browsers.NewChromium(ctx, browsers.Options{})
			if err != nil {
				return nil, err
			}
			return b, nil
		},
	}
	defer func() { err = errors.Join(err, lab.Close()) }()
	return claims.Test(ctx, lab, wanted, func(r measure.ClaimRecord) error {
		if o.jsonOutput {
			if err := json.NewEncoder(stdout).Encode(r); err != nil {
				return err
			}
		}
		return w.Append(r)
	})
}

// claimsSoFar says how many claims an interrupted run has answers to, "" when
// it was to test none.
func claimsSoFar(dir string, planned int) string {
	run, err := measure.Read(dir)
	if err != nil || planned == 0 {
		return ""
	}
	return fmt.Sprintf(" and %d of %d claims", len(measure.Claims(run)), planned)
}

// unmeasured is the outcome of a run of which some claims could not be
// measured; what else went wrong is told as well.
func unmeasured(run *measure.Run, other error) error {
	failed := 0
	for _, c := range measure.Claims(run) {
		if c.Failed {
			failed++
		}
	}
	if failed == 0 {
		return other
	}
	return &exitError{exitHarness, errors.Join(fmt.Errorf("%d claims could not be measured; the report says why", failed), other)}
}

// claimsFormat is the table of the claims alone, each with what it rests on. It
// lies beside the other reports of a run that has any.
var claimsFormat = reports.Format{Name: "claims", File: "claims.md", Means: "What is said of comet, tested.", Write: reports.Claims}

func writeClaims(run *measure.Run) error {
	if len(run.Claims) == 0 {
		return nil
	}
	return reports.WriteFile(filepath.Join(run.Dir, claimsFormat.File), claimsFormat, run)
}
