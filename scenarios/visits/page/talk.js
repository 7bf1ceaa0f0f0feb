// The page's words with its server: small JSON questions, each answered at
// once. They are posted; where a path lets no POST through they go into the
// address instead.
//
// All scripts of this page are written for browsers as old as there are still
// any to be tested: no classes, arrows, promises or modules, and nothing that
// they rely on without having looked for it.
var selfTest = {};

(function () {
  var patience = 15000; // ms for an answer
  var tries = 5;
  var pause = 1000;     // ms before the next try
  var number = 0;       // makes each address unlike all others

  // Unix time in microseconds by the browser's own clock, as finely as it tells.
  selfTest.now = function () {
    var p = window.performance;
    if (p && p.now && p.timeOrigin) return Math.round((p.timeOrigin + p.now()) * 1000);
    return new Date().getTime() * 1000;
  };

  selfTest.request = function () {
    return window.XMLHttpRequest ? new XMLHttpRequest() : new ActiveXObject('Microsoft.XMLHTTP');
  };

  selfTest.nonce = Math.random().toString(36).slice(2, 10);
  selfTest.byGet = false; // set when POST turned out not to pass

  // ask says words (any JSON) to a path and calls then(answer), or
  // otherwise(status, text) when no way of asking brought an answer.
  selfTest.ask = function (path, words, then, otherwise) {
    var left = tries;
    function attempt() {
      once(path, words, selfTest.byGet, then, function (status, text) {
        if (selfTest.byGet) return again(status, text);
        once(path, words, true, function (answer) {
          selfTest.byGet = true;
          then(answer);
        }, again);
      });
    }
    function again(status, text) {
      left--;
      // The server's own refusals will not be withdrawn.
      if (left === 0 || status === 400 || status === 403 || status === 404 || status === 500 || status === 503) otherwise(status, text);
      else setTimeout(attempt, pause);
    }
    attempt();
  };

  function once(path, words, byGet, then, otherwise) {
    var xhr = selfTest.request();
    var over = false;
    var text = JSON.stringify(words);
    var address = path + '?nonce=' + selfTest.nonce + '-' + (++number);
    var timer = setTimeout(function () {
      finish(null, 0, 'no answer within ' + patience / 1000 + ' s');
      xhr.abort();
    }, patience);

    function finish(answer, status, why) {
      if (over) return;
      over = true;
      clearTimeout(timer);
      if (answer) then(answer);
      else otherwise(status, why);
    }

    xhr.onreadystatechange = function () {
      if (over || xhr.readyState !== 4) return;
      var answer = null;
      var said = '';
      try {
        said = xhr.responseText;
        answer = JSON.parse(said);
      } catch (e) {
        answer = null; // somebody else's page, or nothing
      }
      if (xhr.status !== 200 || answer === null || typeof answer.now_us !== 'number') answer = null;
      finish(answer, xhr.status, said.slice(0, 200));
    };
    if (byGet) {
      xhr.open('GET', address + '&q=' + encodeURIComponent(text), true);
      xhr.send(null);
    } else {
      xhr.open('POST', address, true);
      xhr.setRequestHeader('Content-Type', 'application/json');
      xhr.send(text);
    }
  }

  // compareClocks asks the time so many times and calls
  // then({offset_us, bound_us, trip_us}): the quickest answer tells the clocks'
  // distance best, the one in the middle how long a request usually takes.
  selfTest.compareClocks = function (times, then, otherwise) {
    var trips = [];
    var best = null;
    function ask() {
      var sent = selfTest.now();
      selfTest.ask('self-test/ping', {}, function (answer) {
        var trip = Math.max(0, selfTest.now() - sent);
        trips.push(trip);
        if (best === null || trip < best.bound_us * 2) {
          best = { offset_us: Math.round(answer.now_us - sent - trip / 2), bound_us: Math.round(trip / 2) };
        }
        if (trips.length < times) return ask();
        trips.sort(function (a, b) { return a - b; });
        best.trip_us = trips[Math.floor(trips.length / 2)];
        then(best);
      }, otherwise);
    }
    ask();
  };
})();
