package scenarios

import (
	"github.com/cometbench/cometbench/scenarios/app"
	"github.com/cometbench/cometbench/scenarios/measure"
)

// Check is one question about a cell: technique x proxy x client.
type Check struct {
	ID       string // axis/name, as delivery/steady
	Question string
	Kind     measure.Kind
	Axis     measure.Axis
	Tier     Tier // in which runs it is asked
	Requires Needs
	// Demo checks are asked of demos, and of nothing else; all others are never
	// asked of demos.
	Demo bool
	// Trials are the exchanges whose evidence it judges. Checks that name the
	// same trial share one run of it.
	Trials []Trial
	// Further names trials that are run only when the evidence of Trials calls
	// for them: to ask why something is held back pays only where something is.
	// It is called once that evidence is final, and what it names joins the
	// case. Nil names none.
	Further func(Case) []Trial
	// Applies says for which techniques the question makes sense; nil is all.
	Applies func(measure.Technique) bool
	// Judge answers from the evidence alone. It is not called when a trial
	// failed to run, when the control failed or when the path is unproven.
	Judge func(Case) Finding
}

// All returns the checks in the order of an exchange.
func All() []Check {
	return []Check{
		OpeningConnect(),
		OpeningHeadersTime(),
		OpeningPreludeNeeded(),
		OpeningUpgrade(),
		OpeningHeaders(),
		OpeningRequests(),
		OpeningAcceptEncoding(),
		OpeningMethods(),
		OpeningContentTypes(),
		OpeningCrossOrigin(),
		OpeningErrorVisible(),
		OpeningSession(),
		OpeningFallback(),
		DeliveryFirst(),
		DeliverySteady(),
		DeliveryLarge(),
		DeliveryBurst(),
		DeliveryRelease(),
		DeliveryLasting(),
		DeliveryIntegrity(),
		DeliveryRates(),
		DeliveryFanIn7(),
		DeliveryFanIn(),
		DeliveryIdle(),
		DeliveryCompression(),
		DeliveryBothWays(),
		DeliveryCaching(),
		DeliveryClientDelay(),
		DeliveryDemo(),
		EndingRecycle(),
		EndingResume(),
		EndingTruncated(),
		EndingAbort(),
		EndingVanish(),
		EndingRestart(),
		EndingReload(),
		EndingStopSignal(),
		EndingPageReload(),
		CountingConnections(),
		CountingReuse(),
		CountingBytes(),
		CountingCPU(),
		CountingClientMemory(),
		CountingFrames(),
		CountingStarvation(),
	}
}

// Match returns the checks whose id matches one of the globs, in order.
func Match(all []Check, globs []string) []Check {
	var out []Check
	for _, c := range all {
		if measure.Glob(globs, c.ID) {
			out = append(out, c)
		}
	}
	return out
}

// Case is what a judge sees of one cell.
type Case struct {
	Technique measure.Technique
	Client    string
	Limits    measure.Thresholds
	Evidence  map[string]*Evidence // by trial name
	Control   map[string]*Evidence // the same trials over the direct path; nil for the control itself
	// Refused are the statuses of 400 and above that the path itself answered
	// with in any trial of the cell, the first time it was measured.
	Refused []int
	// Repeated are the requests that reached the origin without the client
	// having made them, in any trial of the cell that provokes nothing.
	Repeated int
	// Tier is how deep the run goes. In Full, what is otherwise asked only when
	// something is wrong is asked anyway.
	Tier Tier
	App  *app.Spec // the application that is measured; nil for the reference server
}

// Finding is a judge's answer.
type Finding struct {
	Verdict measure.Verdict
	Cause   string
	Want    []string
	Got     string
	EndedBy string
	EndKind measure.EndKind
	Values  map[string]float64
	// Aside says that what was found concerns no message that comes down: it is
	// written down with its cause, and does not count for the cell.
	Aside bool
	// Doubtful says that the verdict rests on one late message among prompt
	// ones: the runner measures again before it believes it.
	Doubtful bool
}
