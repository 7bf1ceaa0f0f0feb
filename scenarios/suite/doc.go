// Package suite reads the files that describe a run: which matrix to measure,
// how, and what to hold the result against (README, "Suites and gates").
//
// [Parse] reads a [Suite]; mistakes are an *Error with file, line and column,
// and name the nearest thing that would have been right. [Builtins] lists the
// suites that come with the program, [Schema] is the JSON schema of the format,
// and [Start] a commented file to start from. [Suite.Expected] holds results
// against what the suite expects.
//
//	s, err := suite.Parse("streaming.yaml", text, known)
//
// What it does not do: it is a leaf that knows neither checks nor clients nor
// proxies. Whoever reads a suite says which names there are ([Known]), expands
// its globs and makes the matrix.
package suite
