package reference

import (
	"errors"
	"strconv"
	"strings"
)

var errPosition = errors.New("want EPOCH-NUMBER")

// formatID makes the id of the message at seq; seq 0 is before the first.
func formatID(epoch string, seq uint64) string {
	return epoch + "-" + strconv.FormatUint(seq, 10)
}

// parsePosition takes an id apart. The epoch may be anybody's.
func parsePosition(id string) (epoch string, seq uint64, err error) {
	epoch, digits, ok := strings.Cut(id, "-")
	if !ok || !validEpoch(epoch) || digits == "" || (digits[0] == '0' && digits != "0") {
		return "", 0, errPosition
	}
	for _, c := range []byte(digits) {
		if c < '0' || c > '9' { // ParseUint takes a sign
			return "", 0, errPosition
		}
	}
	seq, err = strconv.ParseUint(digits, 10, 63)
	if err != nil {
		return "", 0, errPosition
	}
	return epoch, seq, nil
}

// validEpoch reports whether s can name an epoch: 1 to 32 letters and digits,
// so that an id passes unchanged through headers, URLs and line framings.
func validEpoch(s string) bool {
	if s == "" || len(s) > 32 {
		return false
	}
	for _, c := range []byte(s) {
		if (c < '0' || c > '9') && (c < 'a' || c > 'z') && (c < 'A' || c > 'Z') {
			return false
		}
	}
	return true
}
