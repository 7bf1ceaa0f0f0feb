package measure

import "testing"

func TestSumJSON(t *testing.T) {
	for _, same := range [][]string{
		{`{"n":1}`, ` { "n" : 1 } `, "{\n\t\"n\":1}"},
		{`"a<b>&c</script>/\u2028"`, `"a\u003cb\u003E\u0026c<\/script>\/` + "\u2028" + `"`},
		{`{"a":1,"b":[1,2]}`, `{"b":[1, 2],"a":1}`},
		{`"é"`, `"\u00e9"`},
		{`12345678901234567890`},
		{`1.0`}, {`1`}, {`"1"`}, {`[1,2]`}, {`[2,1]`}, {`null`}, {`""`}, {`"b:"`},
	} {
		first, err := SumJSON([]byte(same[0]))
		if err != nil || len(first) != 8 {
			t.Fatalf("%s: %q, %v", same[0], first, err)
		}
		for _, text := range same[1:] {
			if got, err := SumJSON([]byte(text)); got != first || err != nil {
				t.Errorf("%s: %s, %v; %s: %s", text, got, err, same[0], first)
			}
		}
		if other, known := sums[first]; known {
			t.Errorf("%s and %s have the same sum", other, same[0])
		}
		sums[first] = same[0]
	}
	// printf '{"n":1}' | sha256sum
	if got, _ := SumJSON([]byte(`{"n": 1}`)); got != "2bfd14f4" {
		t.Errorf("got %s", got)
	}
	for _, bad := range []string{``, `{`, `1 2`, `1 x`, `"` + "\n" + `"`} {
		if got, err := SumJSON([]byte(bad)); err == nil {
			t.Errorf("%q has the sum %s", bad, got)
		}
	}
}

var sums = map[string]string{}

func TestSumBytes(t *testing.T) {
	// printf 'b:\x00\xff' | sha256sum
	if got := SumBytes([]byte{0, 0xff}); got != "bafed4ea" {
		t.Errorf("got %s", got)
	}
	json, _ := SumJSON([]byte(`1`))
	if SumBytes([]byte(`1`)) == json {
		t.Error("bytes and JSON have the same sum")
	}
}
