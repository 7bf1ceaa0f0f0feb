// The life of a subscription, the same for every technique: one exchange after
// another, with the position carried from each to the next.
//
// A page names its technique and says how one exchange is carried out:
//
//	cometbench.technique('long-poll', async (x) => { ... return outcome; });
//
// The function hands what it reads to the exchange (x.text, x.batch, x.take)
// and returns how it ended:
//
//	{}                 the body ended as its framing says
//	{status: 502}      an answer that is no subscription
//	{error: 'text'}    not opened, or broken off
//	over: true         in addition: this technique never comes back from that
//	native: true       in addition: the browser itself comes back
//
// Nothing happens until somebody calls
// cometbench.start({url, resume, after, interval, retry, method, body, uplink, uplink_pause, frames, report}):
// url is absolute, interval (between two polls that are not held), retry and uplink_pause are milliseconds,
// body is base64, uplink are the texts that a websocket sends once it is open, with a pause between two,
// report is where to post events when no driver listens, frames asks for what frames do: 'after' the
// page has loaded, or 'while' the document loads that makes them.
'use strict';

// A function with properties, because a forever iframe calls
// parent.cometbench(message).
const cometbench = (message) => cometbench.session && cometbench.session.exchange.take(message);

(() => {
  const longestLine = 16 << 20; // characters; a peer that never ends its line is cut off
  const endGrace = 2000;       // ms to wait for the close that an end notice announces
  const leastRetry = 50;       // ms between two tries on a failing path
  const utf8 = new TextEncoder();

  // One request and what came of it.
  class Exchange {
    constructor(session, number) {
      this.session = session;
      this.options = session.options;
      this.controller = new AbortController();
      this.signal = this.controller.signal; // a technique lets go and returns when it fires
      this.number = number;
      this.opened = false;   // something of the answer was seen
      this.reason = '';      // of the end notice
      this.retryMS = -1;     // of the end notice
      this.grace = 0;        // the timer of endGrace
      this.gapLast = false;  // no message followed the last gap notice
      this.failed = false;
      this.held = '';        // the beginning of a line
      this.cut = null;       // set by techniques that cannot notice that they were cut off
    }

    leave() {
      this.controller.abort();
    }

    // frame tells what a frame does, when somebody asked to be told.
    frame(act) {
      if (this.options.frames) this.emit({ kind: 'frame', note: act });
    }

    emit(event) {
      if (!this.session.stopped) cometbenchLog.emit({ ...event, x: this.number });
    }

    // url is the subscription's, with the position and with a nonce: browsers
    // queue requests for one URL behind each other. A nonce that it has stands
    // in front, with a dot.
    url(extra = {}) {
      const u = new URL(this.options.url);
      if (this.session.position) u.searchParams.set('after', this.session.position);
      const given = u.searchParams.get('nonce');
      u.searchParams.set('nonce', `${given ? `${given}.` : ''}${this.session.nonce}-${this.number}`);
      for (const [name, value] of Object.entries(extra)) u.searchParams.set(name, value);
      return u;
    }

    // fetch asks by the method and body that the subscription wants. It
    // returns the response, or throws.
    async fetch(init = {}) {
      const r = await fetch(this.url(), {
        method: this.options.method || 'GET', body: this.body(),
        cache: 'no-store', signal: this.signal, ...init,
      });
      this.headers(r.status, r.headers.get('content-type') || '');
      return r;
    }

    body() {
      if (!this.options.body) return undefined;
      return Uint8Array.from(atob(this.options.body), (c) => c.charCodeAt(0));
    }

    // refused is how an exchange ends that was answered with another status
    // than 200. What else the answer has to say is not waited for.
    refused(response) {
      if (response.body) response.body.cancel();
      return { status: response.status };
    }

    headers(status, contentType = '') {
      this.opened = true;
      this.emit({ kind: 'headers', status, content_type: contentType });
    }

    fail(note) {
      if (this.failed) return; // one error page is one error, however many lines it has
      this.failed = true;
      this.emit({ kind: 'error', note });
    }

    // lines reads a response body line by line to its end.
    async lines(response) {
      const reader = response.body.pipeThrough(new TextDecoderStream()).getReader();
      for (;;) {
        const { done, value } = await reader.read();
        if (done) return;
        this.text(value);
      }
    }

    // text takes a piece of a stream of lines.
    text(piece) {
      const parts = (this.held + piece).split('\n');
      this.held = parts.pop();
      for (const line of parts) this.json(line);
      if (this.held.length > longestLine) {
        this.held = '';
        this.fail(`a line of more than ${longestLine} characters`);
      }
    }

    // json takes one line; blank ones are preludes.
    json(line) {
      if (line.trim() === '') return;
      const message = this.parse(line);
      if (message !== undefined) this.take(message);
    }

    parse(text) {
      try {
        return JSON.parse(text);
      } catch {
        this.fail(`not JSON: ${text.trim().slice(0, 80)}`);
        return undefined;
      }
    }

    // batch takes the array that a poll answers with.
    batch(messages) {
      if (!Array.isArray(messages)) {
        this.fail('a poll answered something else than an array');
        return;
      }
      for (const m of messages) this.take(m);
    }

    // take is given one message or control message.
    take(m) {
      this.opened = true;
      if (m === null || typeof m !== 'object') {
        this.fail('a message that is no object');
      } else if (typeof m.control === 'string') {
        this.control(m);
      } else if (typeof m.id === 'string') {
        this.session.position = m.id;
        this.gapLast = false;
        this.emit({ kind: 'message', id: m.id, bytes: dataBytes(m) });
      } else {
        this.fail('a message without an id');
      }
    }

    control(c) {
      switch (c.control) {
        case 'hello':
          if (typeof c.last === 'string') this.session.position = c.last;
          this.emit({ kind: 'prelude', id: c.last });
          break;
        case 'heartbeat':
          this.emit({ kind: 'heartbeat' });
          break;
        case 'gap':
          this.gapLast = true;
          this.emit({ kind: 'gap', id: c.next, note: `missed=${c.missed === null ? 'unknown' : c.missed}` });
          break;
        case 'end':
          this.reason = String(c.reason);
          if (Number.isFinite(c.retry_ms)) this.retryMS = c.retry_ms;
          this.grace ||= setTimeout(() => this.leave(), endGrace);
          break;
        default:
          this.fail(`an unknown control message: ${String(c.control).slice(0, 40)}`);
      }
    }

    // close reports how the exchange ended. `last` tells the driver that
    // nothing more of this exchange follows.
    close(how) {
      clearTimeout(this.grace);
      if (how.error && !this.reason && (!this.opened || cometbench.polls)) {
        this.emit({ kind: 'error', note: how.error, last: true });
        return;
      }
      let end = how.error ? '' : 'clean';
      if (this.reason) end = 'clean';
      if (how.status) end = 'status';
      this.emit({ kind: 'end', note: this.reason, end_kind: end, last: true });
    }
  }

  // dataBytes is the size of a message's data: of its JSON text, or of the
  // bytes that base64 stands for.
  function dataBytes(m) {
    if (typeof m.data_b64 === 'string') {
      return Math.floor(m.data_b64.replace(/=+$/, '').length * 3 / 4);
    }
    return m.data === undefined ? 0 : utf8.encode(JSON.stringify(m.data)).length;
  }

  // A subscription from start to stop.
  class Session {
    constructor(options) {
      this.options = options;
      this.position = options.after || '';
      this.nonce = Math.random().toString(36).slice(2, 10);
      this.stopped = false;
      this.exchange = null;
      this.wake = null; // ends a pause
    }

    stop() {
      this.stopped = true;
      if (this.exchange) this.exchange.leave();
      if (this.wake) this.wake();
    }

    async live() {
      for (let number = 1; ; number++) {
        const x = new Exchange(this, number);
        this.exchange = x;
        const how = await cometbench.exchange(x).catch((e) => ({ error: String(e) }));
        if (this.stopped) return;
        x.close(how);
        const over = this.over(x, how);
        if (over) {
          x.emit({ kind: 'done', note: over });
          this.stopped = true;
          return;
        }
        const polled = cometbench.polls && !how.error && !how.status && !x.failed;
        // The position behind a gap is unknown until a message comes; the old
        // one would get the same gap again, at once and for ever.
        if (polled && x.gapLast) this.position = '';
        if (!how.native) await this.pause(polled ? cometbench.between(this.options) : this.retry(x));
        if (this.stopped) return;
        if (!polled) x.emit({ kind: 'reconnect', id: this.position, note: after(x, how) });
      }
    }

    // over says why there is nothing to come back for, or ''.
    over(x, how) {
      if (x.reason === 'terminated') return 'terminated';
      if (how.status === 204 || how.status === 410) return `status ${how.status}`;
      if (how.over) return how.error || 'over';
      return this.options.resume ? '' : 'first end';
    }

    retry(x) {
      if (x.reason) return x.retryMS >= 0 ? x.retryMS : this.options.retry || 1000;
      return Math.max(leastRetry, this.options.retry || 1000);
    }

    pause(ms) {
      return new Promise((resolve) => {
        const timer = setTimeout(resolve, ms);
        this.wake = () => {
          clearTimeout(timer);
          resolve();
        };
      });
    }
  }

  // after says what a reconnect follows.
  function after(x, how) {
    if (x.reason) return `end notice: ${x.reason}`;
    if (how.status) return `status ${how.status}`;
    return how.error || 'clean';
  }

  // technique is called by each page once: its name, how it carries out one
  // exchange, whether an exchange is one poll, and whether the origin holds it.
  cometbench.technique = (name, exchange, { polls = false, held = false } = {}) => {
    cometbench.ready = name;
    cometbench.exchange = async (x) => (await exchange(x)) || {};
    cometbench.polls = polls;
    cometbench.between = (options) => (held ? 0 : options.interval || 0); // ms from poll to poll
  };

  cometbench.start = (options) => {
    cometbench.stop();
    if (options.report) cometbenchLog.sink = cometbenchLog.toURL(options.report);
    cometbench.session = new Session(options);
    cometbench.session.live();
  };

  cometbench.stop = () => {
    if (cometbench.session) cometbench.session.stop();
  };

  // cut is how the driver tells that the network has ended an exchange.
  cometbench.cut = (number) => {
    const x = cometbench.session && cometbench.session.exchange;
    if (x && x.number === number && x.cut) x.cut();
  };
})();

// A forever iframe looks for a property of its parent, and const makes none.
window.cometbench = cometbench;
