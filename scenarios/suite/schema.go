package suite

import (
	"encoding/json"
	"fmt"
	"maps"
	"math"
	"slices"

	"github.com/cometbench/cometbench/scenarios/measure"
)

// object is a piece of a JSON schema.
type object = map[string]any

// Schema is the format as JSON schema (draft 2020-12), for editors and
// validators. It refuses what Parse refuses, but for what hangs on several
// values together or on the arguments of a proxy. proxies are the names that
// stand for one by themselves.
func Schema(known Known, proxies []string) ([]byte, error) {
	names := func(known []string) object { return oneOrMore(anyOf(enum(known), globs)) }
	verdicts := make([]string, 0, 8)
	for _, v := range measure.Verdicts() {
		verdicts = append(verdicts, string(v))
	}
	defs := object{
		"technique": names(techniques()), "client": names(known.Clients), "check": names(known.Checks), "claim": names(known.Claims),
		"proxy": oneOrMore(anyOf(enum(proxies), globs,
			object{"type": "string", "pattern": `^(fault|real|forward|reverse):.`, "description": "faults, a real program, one that runs already"},
			object{"type": "string", "pattern": `[/\\]|\.(ya?ml|YA?ML)$`, "description": "a preset of your own"},
			object{"type": "string", "pattern": `.\+.`, "description": "two hops, the first nearest the client"})),
		"http":     oneOrMore(object{"enum": []any{"1.0", "1.1", "2", "3", 1, 1.1, 2, 3}}),
		"variant":  oneOrMore(enum(variants())),
		"mode":     oneOrMore(enum([]string{"reverse", "forward"})),
		"verdict":  oneOrMore(enum(verdicts)),
		"duration": object{"type": "string", "pattern": `^\+?([0-9]+(\.[0-9]*)?(ns|us|µs|μs|ms|s|m|h))+$`, "not": object{"pattern": `^[^1-9]*$`}},
	}
	block := object{
		"techniques": ref("technique"), "proxies": ref("proxy"), "clients": ref("client"), "http": ref("http"),
		"variants": ref("variant"), "modes": ref("mode"), "checks": ref("check"), "tier": enum(Tiers),
	}
	match := object{
		"technique": ref("technique"), "proxy": ref("proxy"), "client": ref("client"), "http": ref("http"),
		"variant": oneOrMore(text), "check": ref("check"),
	}
	matrix := object{"tls": object{"type": "boolean"}}
	expect := object{"verdict": ref("verdict"), "cause": enum(causes())}
	maps.Copy(matrix, block)
	maps.Copy(expect, match)
	notBoth := object{"not": object{"required": []string{"checks", "tier"}, "properties": object{"checks": notNull, "tier": notNull}}}
	expectation := mapping(expect)
	expectation["required"] = []string{"verdict"}
	expectation["properties"].(object)["verdict"] = object{"allOf": []any{notNull, expect["verdict"]}}
	root := mapping(object{
		"name": text, "means": text,
		"matrix":     object{"allOf": []any{mapping(matrix), notBoth}},
		"include":    list(object{"allOf": []any{mapping(block), notBoth}}),
		"exclude":    list(mapping(match)),
		"claims":     ref("claim"),
		"thresholds": mapping(object{"prompt": ref("duration"), "late": ref("duration")}),
		"time_scale": number(LeastTimeScale, 1), "max_wait": ref("duration"),
		"repeat": integer(1, MostRepeat), "parallel": integer(1, MostParallel), "seed": integer(-1<<53, 1<<53),
		"expect": list(expectation), "fail_on": enum([]string{"broken", "degraded"}),
		"baseline": anyOf(text, object{"allOf": []any{
			mapping(object{"file": text, "percent": number(1, 1000), "least": ref("duration"), "alpha": number(1e-6, .5)}),
			object{"required": []string{"file"}},
		}}),
	})
	root["$schema"] = "https://json-schema.org/draft/2020-12/schema"
	root["title"] = "cometbench suite"
	root["$defs"] = defs
	out, err := json.MarshalIndent(root, "", "  ")
	if err != nil {
		return nil, fmt.Errorf("encode schema: %w", err)
	}
	return append(out, '\n'), nil
}

var (
	text    = object{"type": "string"}
	globs   = object{"type": "string", "pattern": `[*?[]`, "description": "a glob"}
	notNull = object{"not": object{"type": "null"}}
)

func ref(name string) object { return object{"$ref": "#/$defs/" + name} }

func enum(names []string) object { return object{"enum": slices.Clone(names)} }

func anyOf(of ...object) object { return object{"anyOf": of} }

func oneOrMore(of object) object {
	return anyOf(of, object{"type": "array", "items": of, "minItems": 1})
}

func list(of object) object { return object{"type": "array", "items": of} }

func number(least, most float64) object {
	return object{"type": "number", "minimum": least, "maximum": most}
}

func integer(least, most float64) object {
	return object{"type": "integer", "minimum": int64(math.Trunc(least)), "maximum": int64(math.Trunc(most))}
}

// mapping is an object of these keys and no others; a key without a value
// counts as absent.
func mapping(properties object) object {
	orNothing := object{}
	for name, p := range properties {
		orNothing[name] = anyOf(p.(object), object{"type": "null"})
	}
	return object{"type": "object", "additionalProperties": false, "properties": orNothing}
}
