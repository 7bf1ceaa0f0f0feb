package scenarios

// unsupportedError ends a trial that the cell's client cannot take part in.
type unsupportedError struct{ reason string }

func (e *unsupportedError) Error() string { return e.reason }
