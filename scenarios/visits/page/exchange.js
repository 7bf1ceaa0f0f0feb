// A subscription's life, the same for every technique: one exchange after
// another, with the position carried from each to the next.
//
// A receiver (receivers.js, frames.js) carries out one exchange. It hands what
// it reads to x.text, x.batch, x.json or x.take, says x.headers when it knows
// them, and calls x.finish once with how it ended:
//
//	{}                 the body ended as its framing says
//	{status: 502}      an answer that is no subscription
//	{error: 'text'}    not opened, or broken off
//	over: true         in addition: this technique never comes back from that
//	again: true        in addition: the browser itself comes back
//
// It returns a function that lets go of the exchange.
(function () {
  var longestLine = 1 << 20; // characters; a peer that never ends its line is cut off
  var endGrace = 2000;       // ms to wait for the close that an end notice announces
  var leastRetry = 50;       // ms between two tries on a failing path
  var mostFailures = 5;      // in a row; a script element cannot tell a refusal for good from an outage

  // Session carries out one order of the server's. emit takes its events,
  // finished is called when there is nothing to come back for.
  function Session(order, emit, finished) {
    this.order = order;
    this.receiver = selfTest.receivers[order.technique];
    this.position = order.after || '';
    this.report = emit;
    this.finished = finished;
    this.stopped = false;
    this.number = 0;
    this.failures = 0; // exchanges in a row that brought nothing
    this.timer = 0;
    this.letGo = null; // of the exchange under way
    this.next();
  }

  Session.prototype.stop = function () {
    this.stopped = true;
    clearTimeout(this.timer);
    if (this.letGo) this.letGo();
  };

  Session.prototype.next = function () {
    if (this.stopped) return;
    var x = new Exchange(this, ++this.number);
    this.letGo = null;
    try {
      this.letGo = this.receiver.receive(x);
    } catch (e) {
      x.finish({ error: String(e && e.message || e) });
    }
  };

  // ended goes on after an exchange, or not.
  Session.prototype.ended = function (x, how) {
    var self = this;
    if (this.stopped) return;
    this.letGo = null;
    x.close(how);
    this.failures = how.status || how.error && !x.opened ? this.failures + 1 : 0;
    if (this.isOver(x, how) || this.failures >= mostFailures) {
      this.stopped = true;
      this.finished();
      return;
    }
    var polled = this.receiver.polls && !how.error && !how.status && !x.failed;
    // The position behind a gap is unknown until a message comes; the old one
    // would get the same gap again, at once and for ever.
    if (polled && x.gapLast) this.position = '';
    if (!polled) x.emit({ kind: 'reconnect', id: this.position, note: how.error || x.reason || '' });
    if (how.again) {
      this.letGo = this.receiver.goOn(new Exchange(this, ++this.number));
      return;
    }
    this.timer = setTimeout(function () { self.next(); }, polled ? this.between() : this.retry(x));
  };

  Session.prototype.isOver = function (x, how) {
    return x.reason === 'terminated' || how.status === 204 || how.status === 410 || how.over || !this.order.resume;
  };

  Session.prototype.between = function () {
    return this.receiver.held ? 0 : this.order.interval_ms;
  };

  Session.prototype.retry = function (x) {
    if (x.reason && x.retryMS >= 0) return x.retryMS;
    return Math.max(leastRetry, this.order.retry_ms) * Math.max(1, this.failures);
  };

  // Exchange is one request and what came of it.
  function Exchange(session, number) {
    this.session = session;
    this.order = session.order;
    this.number = number;
    this.opened = false;  // something of the answer was seen
    this.over = false;
    this.reason = '';     // of the end notice
    this.retryMS = -1;    // of the end notice
    this.grace = 0;       // the timer of endGrace
    this.gapLast = false; // no message followed the last gap notice
    this.failed = false;
    this.held = '';       // the beginning of a line
  }

  Exchange.prototype.emit = function (event) {
    if (this.session.stopped) return;
    event.order = this.order.order;
    event.t_us = selfTest.now();
    this.session.report(event);
  };

  // url is the subscription's, with the position and with a nonce: browsers
  // queue requests for one address behind each other.
  Exchange.prototype.url = function (parameters) {
    var path = withParameter(this.order.path, 'nonce', selfTest.nonce + '-' + this.order.order + '-' + this.number);
    if (this.session.position) path = withParameter(path, 'after', this.session.position);
    for (var name in parameters || {}) path = withParameter(path, name, parameters[name]);
    return path;
  };

  function withParameter(path, name, value) {
    var parameter = name + '=' + encodeURIComponent(value);
    var old = new RegExp('([?&])' + name + '=[^&]*');
    if (old.test(path)) return path.replace(old, function (all, mark) { return mark + parameter; });
    return path + '&' + parameter;
  }

  Exchange.prototype.headers = function (status, type) {
    this.opened = true;
    this.emit({ kind: 'headers', status: status, content_type: type || '' });
  };

  Exchange.prototype.fail = function (note, text) {
    if (this.failed) return; // one error page is one error, however many lines it has
    this.failed = true;
    this.emit({ kind: 'error', note: note, bytes: text ? text.length : 0 });
  };

  // text takes a piece of a stream of lines.
  Exchange.prototype.text = function (piece) {
    var parts = (this.held + piece).split('\n');
    this.held = parts.pop();
    for (var i = 0; i < parts.length; i++) this.json(parts[i]);
    if (this.held.length > longestLine) {
      this.fail('a line of more than ' + longestLine + ' characters', this.held);
      this.held = '';
    }
  };

  // json takes one line; blank ones are preludes.
  Exchange.prototype.json = function (line) {
    if (/^\s*$/.test(line)) return;
    var message = this.parse(line);
    if (message !== undefined) this.take(message);
  };

  Exchange.prototype.parse = function (text) {
    try {
      return JSON.parse(text);
    } catch (e) {
      this.fail('not JSON: ' + text.slice(0, 80), text);
      return undefined;
    }
  };

  // batch takes the array that a poll answers with.
  Exchange.prototype.batch = function (messages) {
    if (Object.prototype.toString.call(messages) !== '[object Array]') {
      this.fail('a poll answered something else than an array', '?');
      return;
    }
    for (var i = 0; i < messages.length; i++) this.take(messages[i]);
  };

  // take is given one message or control message.
  Exchange.prototype.take = function (m) {
    if (this.over) return;
    this.opened = true;
    if (m === null || typeof m !== 'object') {
      this.fail('a message that is no object', '?');
    } else if (typeof m.control === 'string') {
      this.control(m);
    } else if (typeof m.id === 'string') {
      this.session.position = m.id;
      this.gapLast = false;
      this.emit({ kind: 'message', id: m.id, bytes: m.data === undefined ? 0 : JSON.stringify(m.data).length });
    } else {
      this.fail('a message without an id', '?');
    }
  };

  Exchange.prototype.control = function (c) {
    var x = this;
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
        this.emit({ kind: 'gap', id: c.next, note: 'missed=' + (c.missed === null ? 'unknown' : c.missed) });
        break;
      case 'end':
        this.reason = String(c.reason);
        if (typeof c.retry_ms === 'number') this.retryMS = c.retry_ms;
        if (!this.grace) {
          this.grace = setTimeout(function () {
            if (x.session.letGo) x.session.letGo();
            x.finish({});
          }, endGrace);
        }
        break;
      default:
        this.fail('an unknown control message: ' + String(c.control).slice(0, 40), '?');
    }
  };

  Exchange.prototype.finish = function (how) {
    if (this.over) return;
    this.over = true;
    clearTimeout(this.grace);
    this.session.ended(this, how);
  };

  // close reports how the exchange ended.
  Exchange.prototype.close = function (how) {
    if (how.error && !this.reason && (!this.opened || this.session.receiver.polls)) {
      this.emit({ kind: 'error', note: how.error });
      return;
    }
    var end = 'clean';
    if (how.error && !this.reason) end = '';
    if (how.status) end = 'status';
    this.emit({ kind: 'end', note: this.reason, end_kind: end });
  };

  selfTest.Session = Session;
})();
