// Package nearest finds the known name that a mistyped word most likely means,
// so that an error about an unknown name can suggest one.
//
// [Name] is all there is. The package does not know any names itself and does
// not phrase the suggestion.
package nearest
