package measure

import "slices"

// Variant is another way to ask for the same technique: it changes what the
// request says, the answer's type, or both.
type Variant struct {
	Name    string
	Means   string      // in a sentence
	Method  string      // asks by this method; "" leaves the technique's own
	Type    string      // media type of the answer; "" leaves the technique's own
	Options [][2]string // subscribe options it sets, name and value
}

// Variants returns the closed table. Which technique has which is said in
// Technique.Variants.
func Variants() []Variant {
	return []Variant{
		{Name: "post", Method: "POST",
			Means: "the same request by POST with a body, which some intermediaries pass on without touching; forever-iframe posts a form into the iframe"},
		{Name: "mixed", Type: "multipart/mixed", Options: [][2]string{{"subtype", "mixed"}},
			Means: "the multipart answer is typed multipart/mixed, for readers other than a browser's images and documents"},
		{Name: "binary", Type: "application/octet-stream", Options: [][2]string{{"framing", "binary"}},
			Means: "each message is four bytes of length, most significant first, and the JSON text, without line ends"},
		{Name: "prelude4096", Options: [][2]string{{"prelude", "4096"}},
			Means: "4,096 bytes of white space first, for receivers and intermediaries that show nothing before they have seen so much"},
	}
}

// VariantByName finds a row of the table.
func VariantByName(name string) (Variant, bool) {
	all := Variants()
	i := slices.IndexFunc(all, func(v Variant) bool { return v.Name == name })
	if i < 0 {
		return Variant{}, false
	}
	return all[i], true
}
