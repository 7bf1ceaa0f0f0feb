package measure

import (
	"strings"
	"testing"
)

// What no line mends has none in the table, and is about programs and causes
// that there are.
func TestUnfixablesHaveNoFix(t *testing.T) {
	for _, u := range unfixables() {
		for _, program := range u.programs {
			for _, cause := range u.causes {
				if _, ok := CauseByID(cause); !ok {
					t.Errorf("%s: no cause %s", program, cause)
				}
				if f, ok := FixFor(cause, "real:"+program); ok {
					t.Errorf("%s: no line is said to mend %s, and one is %q", program, cause, f)
				}
				if advice := AdviceFor(cause, "real:"+program); !strings.Contains(advice, u.why) {
					t.Errorf("%s, %s: the advice does not say why: %s", program, cause, advice)
				}
			}
		}
	}
	for _, other := range []string{"real:nginx", "real:apache2/stock"} {
		if why, ok := WhyNoFix("headers-held", other); ok {
			t.Errorf("%s: %s", other, why)
		}
	}
	if _, ok := WhyNoFix("truncated", "real:apache2/stock"); ok {
		t.Error("what mod_jk does is said of mod_proxy")
	}
	if why, _ := WhyNoFix("client-abort-not-propagated", "real:apache2/jk-streaming"); !strings.Contains(why, "mod_jk") {
		t.Errorf("mod_jk: %s", why)
	}
}
