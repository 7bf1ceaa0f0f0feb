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
	turn sync.Mutex
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

// open makes the session, and returns name and version of the browser.
func (d *webdriver) open(ctx context.Context, capabilities object) (string, error) {
	var made struct {
		SessionID    string `json:"sessionId"`
		Capabilities struct {
			BrowserVersion string `json:"browserVersion"`
		} `json:"capabilities"`
	}
	err := d.command(ctx, "/session", object{"capabilities": object{"alwaysMatch": capabilities}}, &made)
	if err != nil {
		return "", err
	}
	d.url += "/session/" + made.SessionID
	return "WebKitGTK/" + made.Capabilities.BrowserVersion, nil
}

// script runs the body of a function in the page and decodes what it returns,
// or with async what it hands to its last argument.
func (d *webdriver) script(ctx context.Context, how, body string, result any) error {
	return d.command(ctx, "/execute/"+how, object{"script": body, "args": []any{}}, result)
}

// mostAnswered bounds what the driver may answer, in bytes.
const mostAnswered = 64 << 20

// command posts to a path of the session. A refusal is a *webdriverError. A
// command that is given up leaves the session in an unknown state.
func (d *webdriver) command(ctx context.Context, path string, params object, result any) error {
	d.turn.Lock()
	defer d.turn.Unlock()
	body, err := json.Marshal(params)
	if err != nil {
		return fmt.Errorf("%s: %w", path, err)
	}
	req, err := http.NewRequestWithContext(ctx, http.MethodPost, d.url+path, bytes.NewReader(body))
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
