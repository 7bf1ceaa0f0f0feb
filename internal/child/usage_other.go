//go:build !linux

package child

func measure(int, bool) (Usage, error) { return Usage{}, ErrNoUsage }

func pids(int) ([]int, error) { return nil, ErrNoUsage }

func listens(int, int) (bool, error) { return false, ErrNoUsage }
