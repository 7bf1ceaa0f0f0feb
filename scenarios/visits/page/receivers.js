// The techniques that scripts carry out themselves. A receiver says what this
// browser lacks for it (missing, '' when nothing), and how one exchange goes
// (receive, see exchange.js). polls: an exchange is one poll; held: the origin
// holds it, so that nothing is waited for between two.
selfTest.receivers = {};

(function () {
  var all = selfTest.receivers;
  var streams = !!(window.fetch && window.TextDecoder && window.ReadableStream && window.Response && 'body' in Response.prototype);

  function nothing() { return ''; }

  // byXHR reads an answer as it grows; each takes the pieces.
  function byXHR(x, method, body, each, whole) {
    var xhr = selfTest.request();
    var seen = 0;
    var headed = false;
    var over = false;

    function status() {
      try { return xhr.status; } catch (e) { return 0; } // old engines throw until there is one
    }
    function read() {
      var text = '';
      try { text = xhr.responseText || ''; } catch (e) { return; } // not before the end
      if (text.length <= seen) return;
      var piece = text.slice(seen);
      seen = text.length;
      each(piece, xhr);
    }
    function look() {
      if (over || xhr.readyState < 2) return;
      var s = status();
      if (s && !headed) {
        headed = true;
        x.headers(s, xhr.getResponseHeader('Content-Type') || '');
      }
      if (each && s === 200 && xhr.readyState >= 3) read();
      if (xhr.readyState !== 4) return;
      over = true;
      if (!s) return x.finish({ error: 'the request failed' });
      if (s !== 200) return x.finish({ status: s });
      if (whole) whole(xhr.responseText);
      x.finish({});
    }
    xhr.onreadystatechange = look;
    if ('onprogress' in xhr) xhr.onprogress = look;
    xhr.open(method, x.url(), true);
    xhr.send(body);
    return function () {
      over = true;
      xhr.abort();
    };
  }

  // byFetch is the same, for browsers that hand out a body while it comes.
  function byFetch(x, each) {
    var stopper = window.AbortController ? new AbortController() : null;
    var reader = null;
    var over = false;
    function failed(e) {
      if (!over) x.finish({ error: String(e && e.message || e) });
      over = true;
    }
    fetch(x.url(), stopper ? { cache: 'no-store', signal: stopper.signal } : { cache: 'no-store' }).then(function (response) {
      if (over) return;
      x.headers(response.status, response.headers.get('Content-Type') || '');
      if (response.status !== 200) {
        over = true;
        x.finish({ status: response.status });
        return;
      }
      var decoder = new TextDecoder();
      reader = response.body.getReader();
      function step(r) {
        if (over) return;
        if (r.done) {
          over = true;
          x.finish({});
          return;
        }
        each(decoder.decode(r.value, { stream: true }), response);
        reader.read().then(step, failed);
      }
      reader.read().then(step, failed);
    }, failed);
    return function () {
      over = true;
      if (stopper) stopper.abort();
      else if (reader) reader.cancel();
    };
  }

  function stream(x, each) {
    return streams ? byFetch(x, each) : byXHR(x, 'GET', null, each);
  }
  function lines(x) {
    return function (piece) { x.text(piece); };
  }

  function poll(held) {
    return {
      polls: true, held: held, missing: nothing,
      receive: function (x) {
        return byXHR(x, 'GET', null, null, function (text) {
          var messages = x.parse(text);
          if (messages !== undefined) x.batch(messages);
        });
      }
    };
  }
  all['short-poll'] = poll(false);
  all['long-poll'] = poll(true);

  all.piggyback = {
    polls: true, held: false, missing: nothing,
    receive: function (x) {
      var body = 'ping ' + x.number;
      return byXHR(x, 'POST', body, null, function (text) {
        var answer = x.parse(text);
        if (answer === undefined) return;
        if (answer === null || answer.reply !== body.length) x.fail('the reply is to something else than was sent', text);
        if (answer !== null) x.batch(answer.messages);
      });
    }
  };

  all['xhr-streaming'] = {
    missing: nothing,
    receive: function (x) { return byXHR(x, 'GET', null, lines(x)); }
  };
  all['early-close'] = all['content-length-stream'] = {
    missing: nothing,
    receive: function (x) { return stream(x, lines(x)); }
  };
  all['fetch-streaming'] = {
    missing: function () { return streams ? '' : 'this browser does not hand out the body of a fetch while it comes'; },
    receive: function (x) { return byFetch(x, lines(x)); }
  };

  // A part is complete when the delimiter behind it is there, which the origin
  // sends at once.
  all.multipart = {
    missing: function () {
      var apple = /^Apple/.test(navigator.vendor || '');
      return apple ? 'WebKit takes multipart/x-mixed-replace for pictures and hands it to no script' : '';
    },
    receive: function (x) {
      var held = '';
      var delimiter = '';
      return stream(x, function (piece, answer) {
        if (!delimiter) {
          var type = answer.headers ? answer.headers.get('Content-Type') : answer.getResponseHeader('Content-Type');
          var found = /;\s*boundary=(?:"([^"]+)"|([^;\s]+))/i.exec(type || '');
          if (!found) return x.fail('no boundary in the type: ' + type, piece);
          delimiter = '--' + (found[1] || found[2]);
        }
        var parts = (held + piece).split(delimiter);
        held = parts.pop();
        for (var i = 0; i < parts.length; i++) {
          var blank = parts[i].indexOf('\r\n\r\n');
          if (blank >= 0) x.json(parts[i].slice(blank + 4));
        }
      });
    }
  };

  // EventSource opens, parses and comes back by itself: the exchanges of one
  // follow each other without our doing.
  all.eventsource = {
    missing: function () { return window.EventSource ? '' : 'this browser has no EventSource'; },
    receive: function (x) {
      var session = x.session;
      var source = new EventSource(x.url());
      function take(event) { session.current.json(event.data); }
      session.current = x;
      session.closeSource = function () { source.close(); };
      source.onopen = function () { session.current.headers(200, 'text/event-stream'); };
      source.onmessage = take;
      source.addEventListener('control', take, false);
      source.onerror = function () {
        var was = session.current;
        var how = { again: true };
        if (source.readyState === 2) how = { over: true, error: 'EventSource gave up' };
        else if (!was.opened) how.error = 'EventSource could not connect';
        if (!was.order.resume || was.reason === 'terminated') source.close();
        was.finish(how);
      };
      return session.closeSource;
    },
    // goOn takes over the next exchange of the same source.
    goOn: function (x) {
      x.session.current = x;
      return x.session.closeSource;
    }
  };

  all.websocket = {
    missing: function () { return window.WebSocket ? '' : 'this browser has no WebSocket'; },
    receive: function (x) {
      var open = false;
      var socket = new WebSocket(absolute(x.url()).replace(/^http/, 'ws'));
      socket.onopen = function () {
        open = true;
        x.headers(101, '');
        sendUp(0);
      };
      function sendUp(n) {
        var texts = x.order.uplink || [];
        if (n >= texts.length || socket.readyState !== 1) return;
        socket.send(texts[n]);
        x.emit({ kind: 'write', bytes: texts[n].length });
        setTimeout(function () { sendUp(n + 1); }, x.order.uplink_pause_ms || 0);
      }
      socket.onmessage = function (event) {
        if (typeof event.data === 'string') x.json(event.data);
        else x.fail('a binary frame', '?');
      };
      socket.onclose = function (event) {
        if (!open) x.finish({ error: 'the socket did not open' });
        else x.finish(event.wasClean ? {} : { error: 'the socket broke (' + event.code + ')' });
      };
      return function () {
        socket.onclose = null;
        socket.close();
      };
    }
  };

  all.webtransport = {
    missing: function () {
      if (!window.WebTransport) return 'this browser has no WebTransport';
      return location.protocol === 'https:' ? '' : 'WebTransport needs a page that came over https';
    },
    receive: function (x) {
      var over = false;
      var pin = x.order.pin; // of a certificate that no authority vouches for
      var session = new WebTransport(absolute(x.url()), pin ? {
        serverCertificateHashes: [{ algorithm: 'sha-256', value: new Uint8Array(pin) }]
      } : {});
      function failed(e) {
        if (!over) x.finish({ error: String(e && e.message || e) });
        over = true;
      }
      function ended() {
        if (!over) x.finish({});
        over = true;
      }
      session.closed.then(ended, failed);
      session.ready.then(function () {
        x.headers(200, '');
        session.incomingUnidirectionalStreams.getReader().read().then(function (first) {
          if (first.done) return ended();
          var decoder = new TextDecoder();
          var reader = first.value.getReader();
          function step(r) {
            if (over) return;
            if (r.done) return ended();
            x.text(decoder.decode(r.value, { stream: true }));
            reader.read().then(step, failed);
          }
          reader.read().then(step, failed);
        }, failed);
      }, failed);
      return function () {
        over = true;
        session.close();
      };
    }
  };

  // absolute resolves an address as the browser does for its links.
  function absolute(path) {
    var a = document.createElement('a');
    a.href = path;
    return a.href;
  }
})();
