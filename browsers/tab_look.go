package browsers

import (
	"context"
	"fmt"

	"github.com/chromedp/cdproto/emulation"
	"github.com/chromedp/chromedp"
)

// Look is how a page is looked at.
type Look struct {
	Width, Height int64 // of the window, in CSS pixels
	Dark          bool  // the colour scheme that the reader prefers
}

// Show sets the look of the tab.
func (t *Tab) Show(ctx context.Context, l Look) error {
	call, cancel := t.page.until(ctx, t.page.process.patient)
	defer cancel()
	_, err := chromedp.Call(call, emulation.SetDeviceMetricsOverride, emulation.SetDeviceMetricsOverrideParams{
		Width: l.Width, Height: l.Height, DeviceScaleFactor: 1,
	})
	if err == nil {
		scheme := map[bool]string{false: "light", true: "dark"}[l.Dark]
		_, err = chromedp.Call(call, emulation.SetEmulatedMedia, emulation.SetEmulatedMediaParams{
			Features: []*emulation.MediaFeature{{Name: "prefers-color-scheme", Value: scheme}},
		})
	}
	if err != nil {
		return fmt.Errorf("show %+v: %w", l, err)
	}
	return nil
}

// Picture is what the tab shows, as PNG.
func (t *Tab) Picture(ctx context.Context) ([]byte, error) {
	call, cancel := t.page.until(ctx, t.page.process.patient)
	defer cancel()
	b, err := chromedp.Run(call, chromedp.FullScreenshot(100))
	if err != nil {
		return nil, fmt.Errorf("take a picture: %w", err)
	}
	return b, nil
}
