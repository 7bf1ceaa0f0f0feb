package ports_test

import (
	"context"
	"errors"
	"net"
	"sync"
	"testing"

	"go.uber.org/goleak"

	"github.com/cometbench/cometbench/internal/ports"
)

func TestMain(m *testing.M) { goleak.VerifyTestMain(m) }

func TestFreeIsFreeAndNeverTheSame(t *testing.T) {
	var mu sync.Mutex
	seen := make(map[string]bool)
	var all sync.WaitGroup
	for range 8 {
		all.Go(func() {
			for range 50 {
				addr, err := ports.Free()
				if err != nil {
					t.Error(err)
					return
				}
				l, err := net.Listen("tcp", addr)
				if err != nil {
					t.Errorf("not free: %v", err)
					continue
				}
				l.Close()
				mu.Lock()
				if seen[addr] {
					t.Errorf("%s was handed out twice", addr)
				}
				seen[addr] = true
				mu.Unlock()
			}
		})
	}
	all.Wait()
}

func TestFreeOnAnAddressThatIsNotOurs(t *testing.T) {
	addr, err := ports.FreeOn("192.0.2.1")
	if !errors.Is(err, ports.ErrNone) {
		t.Errorf("FreeOn = %q, %v", addr, err)
	}
}

func TestWaitSeesALateListener(t *testing.T) {
	addr, err := ports.Free()
	if err != nil {
		t.Fatal(err)
	}
	answered := make(chan error, 1)
	go func() { answered <- ports.Wait(t.Context(), addr, nil) }()
	l, err := net.Listen("tcp", addr)
	if err != nil {
		t.Fatal(err)
	}
	defer l.Close()
	conn, err := l.Accept()
	if err != nil {
		t.Fatal(err)
	}
	conn.Close()
	if err := <-answered; err != nil {
		t.Error(err)
	}
}

func TestWaitGivesUp(t *testing.T) {
	addr, err := ports.Free()
	if err != nil {
		t.Fatal(err)
	}
	gone := make(chan struct{})
	close(gone)
	if err := ports.Wait(t.Context(), addr, gone); !errors.Is(err, ports.ErrGone) {
		t.Errorf("somebody gone: %v", err)
	}
	ctx, cancel := context.WithCancel(t.Context())
	cancel()
	if err := ports.Wait(ctx, addr, nil); !errors.Is(err, context.Canceled) {
		t.Errorf("a context that is over: %v", err)
	}
}
