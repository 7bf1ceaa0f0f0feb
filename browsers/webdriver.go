package browsers

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net/http"
	"sync"
)

// webdriver is a session of a classic WebDriver (W3C): one command at a time,
// each a request. There are no events.
type webdriver struct {
	url  string // of the driver, then of the session
	http *http.Client

	turn    sync.Mutex
	current string // the window that commands go to
}

// webdriverError is the driver's refusal of a command.
type webdriverError struct {
	Code    string `json:"error"`
	Message string `json:"message"`
}

func (e *webdriverError) Error() string { return e.Code + ": " + e.Message }

func newWebdriver(url string) *webdriver {
	return &webdriver{url: url, http: &http.Client{Transport: new(http.Transport)}}
}

// open makes the session, and returns the version of the browser and its first
// window.
func (d *webdriver) open(ctx context.Context, capabilities object) (version, window string, err error) {
	var made struct {
		SessionID    string `json:"sessionId"`
		Capabilities struct {
			BrowserVersion string `json:"browserVersion"`
		} `json:"capabilities"`
	}
	d.turn.Lock()
	defer d.turn.Unlock()
	err = d.do(ctx, http.MethodPost, "/session", object{"capabilities": object{"alwaysMatch": capabilities}}, &made)
	if err != nil {
		return "", "", err
	}
	d.url += "/session/" + made.SessionID
	err = d.do(ctx, http.MethodGet, "/window", nil, &d.current)
	return made.Capabilities.BrowserVersion, d.current, err
}

// in sends a command to a window.
func (d *webdriver) in(ctx context.Context, window, path string, params object, result any) error {
	d.turn.Lock()
	defer d.turn.Unlock()
	if err := d.turnTo(ctx, window); err != nil {
		return err
	}
	return d.do(ctx, http.MethodPost, path, params, result)
}

// turnTo makes a window the current one.
func (d *webdriver) turnTo(ctx context.Context, window string) error {
	if window == d.current {
		return nil
	}
	if err := d.do(ctx, http.MethodPost, "/window", object{"handle": window}, nil); err != nil {
		return err
	}
	d.current = window
	return nil
}

// beside opens another window and returns its handle.
func (d *webdriver) beside(ctx context.Context, window string) (string, error) {
	var made struct {
		Handle string `json:"handle"`
	}
	// A tab would be hidden, and its timers slowed down.
	err := d.in(ctx, window, "/window/new", object{"type": "window"}, &made)
	return made.Handle, err
}

// closeWindow closes one.
func (d *webdriver) closeWindow(ctx context.Context, window string) error {
	d.turn.Lock()
	defer d.turn.Unlock()
	if err := d.turnTo(ctx, window); err != nil {
		return err
	}
	d.current = "" // none: the next command has to name one
	return d.do(ctx, http.MethodDelete, "/window", nil, nil)
}

// mostAnswered bounds what the driver may answer, in bytes.
const mostAnswered = 64 << 20

// do sends a command to the window that is current. A refusal is a
// *webdriverError. A command that is given up leaves the session in an unknown
// state.
func (d *webdriver) do(ctx context.Context, method, path string, params object, result any) error {
	var body bytes.Buffer
	if params != nil {
		if err := json.NewEncoder(&body).Encode(params); err != nil {
			return fmt.Errorf("%s: %w", path, err)
		}
	}
	req, err := http.NewRequestWithContext(ctx, method, d.url+path, &body)
	if err != nil {
		return fmt.Errorf("%s: %w", path, err)
	}
	resp, err := d.http.Do(req)
	if err != nil {
		return fmt.Errorf("%s: %w", path, err)
	}
	defer resp.Body.Close()
	text, err := io.ReadAll(io.LimitReader(resp.Body, mostAnswered))
	if err != nil {
		return fmt.Errorf("%s: %w", path, err)
	}
	var answer struct {
		Value json.RawMessage `json:"value"`
	}
	if err := json.Unmarshal(text, &answer); err != nil {
		return fmt.Errorf("%s: parse the answer: %w", path, err)
	}
	if resp.StatusCode != http.StatusOK {
		refusal := new(webdriverError)
		if json.Unmarshal(answer.Value, refusal) != nil || refusal.Code == "" {
			return fmt.Errorf("%s: %s", path, resp.Status)
		}
		return fmt.Errorf("%s: %w", path, refusal)
	}
	if result == nil {
		return nil
	}
	if err := json.Unmarshal(answer.Value, result); err != nil {
		return fmt.Errorf("%s: parse the answer: %w", path, err)
	}
	return nil
}

// refusedCommand reports whether err is the driver's refusal by this code.
func refusedCommand(err error, code string) bool {
	var r *webdriverError
	return errors.As(err, &r) && r.Code == code
}

// close ends the connections to the driver.
func (d *webdriver) close() { d.http.CloseIdleConnections() }
