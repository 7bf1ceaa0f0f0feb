package browsers

import (
	"crypto/sha256"
	"crypto/x509"
	"encoding/base64"
	"encoding/pem"
	"errors"
	"fmt"
	"os/exec"

	"github.com/chromedp/chromedp"
)

// chromiumFlags make a process that measures: nothing is slowed down because
// nobody looks at it, nothing goes out that no page asked for, and nothing is
// upgraded, prefetched or guessed.
func chromiumFlags() []chromedp.ExecAllocatorOption {
	on := []string{
		// Never throttled.
		"disable-background-timer-throttling",
		"disable-backgrounding-occluded-windows",
		"disable-renderer-backgrounding",
		"disable-hang-monitor",
		"disable-ipc-flooding-protection",
		// Phones nobody.
		"disable-background-networking",
		"disable-breakpad",
		"disable-crash-reporter",
		"disable-client-side-phishing-detection",
		"disable-component-update",
		"disable-default-apps",
		"disable-domain-reliability",
		"disable-field-trial-config",
		"disable-sync",
		"metrics-recording-only",
		"no-pings",
		"safebrowsing-disable-auto-update",
		// A context says what its proxy is; the environment's is never meant.
		"no-proxy-server",
		// Only what is asked for.
		"disable-extensions",
		"disable-popup-blocking",
		"disable-quic",
		"enable-automation",
		// /dev/shm is 64 MB in a container, and a full one crashes pages.
		"disable-dev-shm-usage",
	}
	flags := []chromedp.ExecAllocatorOption{
		chromedp.NoFirstRun,
		chromedp.NoDefaultBrowserCheck,
		chromedp.Headless,
		chromedp.Flag("disable-features", "Translate,OptimizationHints,MediaRouter,HttpsUpgrades,DialMediaRouteProvider"),
		chromedp.Flag("password-store", "basic"),
		chromedp.Flag("use-mock-keychain", true),
	}
	for _, name := range on {
		flags = append(flags, chromedp.Flag(name, true))
	}
	return flags
}

// ownGroup starts the browser in a process group of its own, which is killed
// as a whole: an interrupt typed at the terminal reaches only this program, and
// no helper process outlives the browser.
func ownGroup(cmd *exec.Cmd) {
	setOwnGroup(cmd)
	cmd.Cancel = func() error { return killGroup(cmd.Process) }
}

// keyHashes are the hashes of the public keys of certificates. Chromium takes
// no file of roots from its command line, but accepts chains with such a key.
func keyHashes(rootsPEM []byte) ([]string, error) {
	var hashes []string
	for rest := rootsPEM; ; {
		var block *pem.Block
		if block, rest = pem.Decode(rest); block == nil {
			break
		}
		if block.Type != "CERTIFICATE" {
			continue
		}
		cert, err := x509.ParseCertificate(block.Bytes)
		if err != nil {
			return nil, fmt.Errorf("parse root certificate: %w", err)
		}
		sum := sha256.Sum256(cert.RawSubjectPublicKeyInfo)
		hashes = append(hashes, base64.StdEncoding.EncodeToString(sum[:]))
	}
	if len(hashes) == 0 {
		return nil, errors.New("parse root certificates: no certificate found")
	}
	return hashes, nil
}
