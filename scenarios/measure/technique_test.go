package measure

import (
	"slices"
	"testing"
)

func TestTechniquesNameWhatExists(t *testing.T) {
	used := map[string]bool{}
	for _, row := range Techniques() {
		if len(row.HTTP) == 0 || (len(row.HTTP) < 4) != (row.HTTPNote != "") {
			t.Errorf("%s: HTTP %v, note %q", row.Name, row.HTTP, row.HTTPNote)
		}
		for _, v := range row.HTTP {
			if !slices.Contains([]string{"1.0", "1.1", "2", "3"}, v) {
				t.Errorf("%s over HTTP %q", row.Name, v)
			}
		}
		for _, name := range row.Variants {
			used[name] = true
			if _, err := row.As(name); err != nil {
				t.Error(err)
			}
		}
	}
	for _, v := range Variants() {
		if !used[v.Name] || v.Means == "" || (v.Method == "" && v.Type == "" && len(v.Options) == 0) {
			t.Errorf("variant %+v is nobody's, or nothing", v)
		}
	}
}

func TestAs(t *testing.T) {
	row, _ := TechniqueByName("multipart")
	mixed, err := row.As("mixed")
	if err != nil || mixed.Type != "multipart/mixed" || mixed.Name != "multipart" || mixed.Method != row.Method {
		t.Errorf("%+v, %v", mixed, err)
	}
	if plain, err := row.As(""); err != nil || plain.Type != row.Type {
		t.Errorf("%+v, %v", plain, err)
	}
	for _, variant := range []string{"post", "pink"} {
		if _, err := row.As(variant); err == nil {
			t.Errorf("multipart has a variant %s", variant)
		}
	}
	if row, _ = TechniqueByName("fetch-streaming"); !row.Speaks("") || !row.Speaks("3") || row.Speaks("0.9") {
		t.Errorf("%+v", row)
	}
}
