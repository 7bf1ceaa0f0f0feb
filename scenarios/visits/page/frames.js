// The techniques that need elements: frames that never end loading, scripts
// that call back.
(function () {
  var all = selfTest.receivers;
  var place = document.getElementById('frames');

  function newFrame(where, address) {
    var frame = where.createElement('iframe');
    frame.src = address;
    frame.title = 'a technique under test';
    frame.tabIndex = -1;
    return frame;
  }

  function remove(element) {
    if (element.parentNode) element.parentNode.removeChild(element);
  }

  // onLoad is for engines that know only one of the two.
  function onLoad(element, done) {
    element.onload = function () { done(); };
    element.onreadystatechange = function () {
      if (element.readyState === 'loaded' || element.readyState === 'complete') done();
    };
  }

  function documentOf(frame) {
    try {
      return frame.contentDocument || frame.contentWindow.document;
    } catch (e) {
      return null; // the browser's own error page may not be looked into
    }
  }

  // finishLoaded ends an exchange with the document that it was.
  function finishLoaded(x, frame) {
    if (!documentOf(frame)) return x.finish({ error: 'the frame did not load' });
    x.finish(x.opened ? {} : { error: 'the frame ended without a message' });
  }

  all['forever-iframe'] = {
    missing: function () { return ''; },
    receive: function (x) {
      var frame = newFrame(document, x.url());
      window.cometbench = function (message) { x.take(message); }; // as the frame's scripts call it
      onLoad(frame, function () {
        finishLoaded(x, frame);
        remove(frame); // and with it the nodes of all messages
      });
      place.appendChild(frame);
      return function () { remove(frame); };
    }
  };

  all['forever-iframe-text'] = {
    missing: function () { return ''; },
    receive: function (x) {
      var frame = newFrame(document, x.url());
      var seen = 0;
      function read() {
        var d = documentOf(frame);
        var body = d && d.body;
        var text = body ? body.textContent || body.innerText || '' : '';
        if (text.length > seen) {
          var piece = text.slice(seen);
          seen = text.length;
          x.text(piece);
        }
      }
      var timer = setInterval(read, 10);
      function leave() {
        clearInterval(timer);
        remove(frame);
      }
      onLoad(frame, function () {
        read();
        clearInterval(timer);
        finishLoaded(x, frame);
        remove(frame);
      });
      place.appendChild(frame);
      return leave;
    }
  };

  // The frame stands in a document of its own, so that the browser does not
  // show that it is loading.
  all.htmlfile = {
    missing: function () { return window.ActiveXObject ? '' : 'only Internet Explorer has the htmlfile object'; },
    receive: function (x) {
      var file = new ActiveXObject('htmlfile');
      file.open();
      file.write('<html><body></body></html>');
      file.close();
      file.parentWindow.selfTestFile = function (message) { x.take(message); };
      var frame = newFrame(file, absolute(x.url({ callback: 'selfTestFile' })));
      onLoad(frame, function () { finishLoaded(x, frame); });
      file.body.appendChild(frame);
      return function () { remove(frame); };
    }
  };

  function absolute(path) {
    var a = document.createElement('a');
    a.href = path;
    return a.href;
  }

  all['callback-poll'] = {
    polls: true, held: true,
    missing: function () { return ''; },
    receive: function (x) {
      var name = 'selfTestPoll' + x.order.order + 'n' + x.number;
      var script = document.createElement('script');
      var called = false;
      function leave() {
        window[name] = function () {}; // what comes too late calls nobody
        remove(script);
      }
      window[name] = function (messages) {
        called = true;
        x.batch(messages);
      };
      onLoad(script, function () {
        leave();
        // A script that does not parse loads all the same.
        x.finish(called ? {} : { error: 'the script did not call back' });
      });
      script.onerror = function () {
        leave();
        x.finish({ error: 'the script did not load' });
      };
      script.src = x.url({ callback: name });
      place.appendChild(script);
      return leave;
    }
  };
})();
