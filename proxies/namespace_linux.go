package proxies

import (
	"context"
	"errors"
	"fmt"
	"math/rand/v2"
	"net"
	"net/netip"
	"runtime"

	"github.com/vishvananda/netlink"
	"github.com/vishvananda/netns"
	"golang.org/x/sys/unix"
)

// namespace is a network of its own that is joined to this one by a pair of
// virtual Ethernet devices. When the device inside is down, packets vanish on
// both sides and nobody is told.
type namespace struct {
	handle        netns.NsHandle
	outside       *netlink.Handle
	inside        *netlink.Handle
	near, far     netlink.Link // the device in our network, and the one inside
	nearIP, farIP net.IP
}

// openNamespace makes one. It fails where the process may not (errNoNamespace).
func openNamespace() (*namespace, error) {
	n := &namespace{handle: netns.None()}
	if err := n.make(); err != nil {
		return nil, errors.Join(err, n.close())
	}
	return n, nil
}

func (n *namespace) make() error {
	err := onOwnThread(func() (err error) {
		n.handle, err = netns.New()
		return err
	})
	if errors.Is(err, unix.EPERM) {
		return fmt.Errorf("%w: this process may not make a network namespace, root may", errNoNamespace)
	}
	if err != nil {
		return fmt.Errorf("%w: make network namespace: %w", errNoNamespace, err)
	}
	if n.outside, err = netlink.NewHandle(); err != nil {
		return fmt.Errorf("open netlink: %w", err)
	}
	if n.inside, err = netlink.NewHandleAt(n.handle); err != nil {
		return fmt.Errorf("open netlink: %w", err)
	}
	name := fmt.Sprintf("cb%08x", rand.Uint32())
	attrs := netlink.NewLinkAttrs()
	attrs.Name = name
	if err := n.outside.LinkAdd(&netlink.Veth{LinkAttrs: attrs, PeerName: name, PeerNamespace: netlink.NsFd(n.handle)}); err != nil {
		return fmt.Errorf("%w: make a pair of devices: %w", errNoNamespace, err)
	}
	if n.near, err = n.outside.LinkByName(name); err != nil {
		return fmt.Errorf("find device: %w", err)
	}
	if n.far, err = n.inside.LinkByName(name); err != nil {
		return fmt.Errorf("find device: %w", err)
	}
	subnet, err := freeSubnet()
	if err != nil {
		return err
	}
	n.nearIP, n.farIP = subnet.Addr().Next().AsSlice(), subnet.Addr().Next().Next().AsSlice()
	for _, end := range []struct {
		via  *netlink.Handle
		link netlink.Link
		ip   net.IP
	}{{n.outside, n.near, n.nearIP}, {n.inside, n.far, n.farIP}} {
		address := &netlink.Addr{IPNet: &net.IPNet{IP: end.ip, Mask: net.CIDRMask(subnet.Bits(), 32)}}
		if err := end.via.AddrAdd(end.link, address); err != nil {
			return fmt.Errorf("give device an address: %w", err)
		}
		if err := end.via.LinkSetUp(end.link); err != nil {
			return fmt.Errorf("bring device up: %w", err)
		}
	}
	// A neighbour that is looked for in vain would be reported to whoever
	// connects (EHOSTUNREACH); one that is known cannot be missed.
	if err := know(n.outside, n.near, n.farIP, n.far); err != nil {
		return err
	}
	return know(n.inside, n.far, n.nearIP, n.near)
}

// know makes the neighbour ip, which is the device at, known on link for good.
func know(via *netlink.Handle, link netlink.Link, ip net.IP, at netlink.Link) error {
	err := via.NeighSet(&netlink.Neigh{LinkIndex: link.Attrs().Index, State: netlink.NUD_PERMANENT, IP: ip, HardwareAddr: at.Attrs().HardwareAddr})
	if err != nil {
		return fmt.Errorf("make neighbour known: %w", err)
	}
	return nil
}

// benchmarks is the network that is set aside for measurements (RFC 2544).
var benchmarks = netip.MustParsePrefix("198.18.0.0/15")

// freeSubnet is a network of four addresses that no device of ours is in.
func freeSubnet() (netip.Prefix, error) {
	taken, err := net.InterfaceAddrs()
	if err != nil {
		return netip.Prefix{}, fmt.Errorf("list addresses: %w", err)
	}
	for range 100 {
		base := benchmarks.Addr().As4()
		offset := rand.Uint32N(1<<17) &^ 3
		base[1] += byte(offset >> 16)
		base[2], base[3] = byte(offset>>8), byte(offset)
		subnet := netip.PrefixFrom(netip.AddrFrom4(base), 30)
		if !holdsAny(subnet, taken) {
			return subnet, nil
		}
	}
	return netip.Prefix{}, fmt.Errorf("no free network in %s", benchmarks)
}

func holdsAny(subnet netip.Prefix, addresses []net.Addr) bool {
	for _, a := range addresses {
		if p, err := netip.ParsePrefix(a.String()); err == nil && p.Overlaps(subnet) && p.Bits() > 0 {
			return true
		}
	}
	return false
}

// listen listens inside on a port, where clients outside can reach it.
func (n *namespace) listen(ctx context.Context, port string) (l net.Listener, err error) {
	err = onOwnThread(func() error {
		if err := netns.Set(n.handle); err != nil {
			return fmt.Errorf("enter network namespace: %w", err)
		}
		l, err = listen(ctx, net.JoinHostPort(n.farIP.String(), port))
		return err
	})
	return l, err
}

func (n *namespace) drop() error { return n.inside.LinkSetDown(n.far) }

func (n *namespace) pass() error {
	if err := n.inside.LinkSetUp(n.far); err != nil {
		return err
	}
	return know(n.inside, n.far, n.nearIP, n.near) // forgotten when it went down
}

// close removes the devices; the namespace goes with its last connection.
func (n *namespace) close() error {
	var err error
	if n.near != nil {
		err = n.outside.LinkDel(n.near)
	}
	for _, h := range []*netlink.Handle{n.outside, n.inside} {
		if h != nil {
			h.Close()
		}
	}
	if n.handle.IsOpen() {
		err = errors.Join(err, n.handle.Close())
	}
	return err
}

// onOwnThread calls f on a thread whose network namespace f may change.
func onOwnThread(f func() error) error {
	done := make(chan error)
	go func() {
		runtime.LockOSThread()
		home, err := netns.Get()
		if err != nil {
			runtime.UnlockOSThread()
			done <- fmt.Errorf("%w: find network namespace: %w", errNoNamespace, err)
			return
		}
		defer home.Close()
		err = f()
		// A thread that cannot go home stays locked, and ends with this goroutine.
		if netns.Set(home) == nil {
			runtime.UnlockOSThread()
		}
		done <- err
	}()
	return <-done
}
