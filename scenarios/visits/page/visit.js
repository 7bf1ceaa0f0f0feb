// The visit: what the server orders is carried out, what was seen is reported,
// and verdicts are shown as they come.
(function () {
  var pause = 250;        // ms between an answer and the next words
  var inBody = 200;       // events in one report
  var inAddress = 20;     // the same where they have to go into the address
  var lanesOfOld = 1;     // browsers without fetch may have two connections for a host
  var lanes = 4;        // of the six that others have, so that words and a reconnect find room

  var button = byId('start');
  var key = '';
  var seq = 0;
  var told = 0;       // verdicts so far
  var waiting = [];   // events to be reported
  var done = [];      // orders to be reported as done
  var sessions = {};  // by number of the order
  var counts = {};    // messages, by technique
  var names = [];     // of all techniques
  var rows = byId('techniques').children;

  for (var i = 0; i < rows.length; i++) names.push(rows[i].id.slice(2));

  if (!window.JSON || !(window.XMLHttpRequest || window.ActiveXObject)) {
    say('This browser can neither read JSON nor ask for it. It is too old for this page.');
    return;
  }
  button.className = '';
  button.onclick = start;
  if (location.hash === '#start') start(); // for those who cannot press it

  function start() {
    button.disabled = true;
    say('Measuring how far the server is away.');
    selfTest.compareClocks(7, begin, lost);
  }

  function begin(clock) {
    var words = { cannot: {}, lanes: window.fetch ? lanes : lanesOfOld, http: protocol(), tls: location.protocol === 'https:' };
    for (var n in clock) words[n] = clock[n];
    for (var i = 0; i < names.length; i++) {
      var receiver = selfTest.receivers[names[i]];
      words.cannot[names[i]] = receiver ? receiver.missing() : 'this page does not know it';
    }
    selfTest.ask('self-test/begin', words, function (answer) {
      key = answer.key;
      setText(byId('visit'), answer.name);
      say('Testing ' + names.length + ' techniques. Please leave this page in front.');
      talk();
    }, lost);
  }

  // protocol is the version of HTTP by which the page came, where the browser
  // tells.
  function protocol() {
    var p = window.performance;
    var entry = p && p.getEntriesByType ? p.getEntriesByType('navigation')[0] : null;
    var known = { 'http/1.0': '1.0', 'http/1.1': '1.1', h2: '2', h3: '3' };
    return entry && known[entry.nextHopProtocol] || '';
  }

  // talk reports what is new, does as it is told, and comes back.
  function talk() {
    var events = waiting.slice(0, selfTest.byGet ? inAddress : inBody);
    // An exchange is done when all of its events are told.
    var over = events.length === waiting.length ? done.slice(0) : [];
    seq++;
    selfTest.ask('self-test/visit/' + key, { seq: seq, have: told, events: events, done: over }, function (answer) {
      waiting = waiting.slice(events.length);
      done = done.slice(over.length);
      obey(answer.orders);
      for (var i = 0; i < answer.cells.length; i++) show(answer.cells[i]);
      if (!answer.advice) setTimeout(talk, waiting.length ? 0 : pause);
      else if (answer.cells.length) talk(); // it is to know that we know
      else conclude(answer.advice);
    }, lost);
  }

  function obey(orders) {
    var wanted = {};
    var i;
    for (i = 0; i < orders.length; i++) wanted[orders[i].order] = true;
    for (var number in sessions) {
      if (!wanted[number]) {
        sessions[number].stop();
        delete sessions[number];
      }
    }
    for (i = 0; i < orders.length; i++) {
      if (!sessions[orders[i].order]) carryOut(orders[i]);
    }
  }

  function carryOut(order) {
    counts[order.technique] = 0;
    progress(order.technique);
    sessions[order.order] = new selfTest.Session(order, function (event) {
      if (event.kind === 'message') {
        counts[order.technique]++;
        progress(order.technique);
      }
      waiting.push(event);
    }, function () {
      done.push(order.order);
    });
  }

  var marks = {
    works: '\u2713 works', degraded: '~ degraded', broken: '\u2717 broken', unsupported: '\u2013 not possible here'
  };

  function progress(technique) {
    var n = counts[technique];
    mark(technique, 'now', 'testing', n ? n + (n === 1 ? ' message' : ' messages') + ' so far' : 'no message yet');
  }

  function show(cell) {
    told++;
    mark(cell.technique, cell.verdict, marks[cell.verdict] || '! no verdict', cell.got);
    say(told + ' of ' + names.length + ' tested. ' + cell.technique + ': ' + cell.verdict.replace('_', ' ') + '.');
    var percent = Math.round(100 * told / names.length);
    byId('bar').setAttribute('aria-valuenow', percent);
    byId('done').style.width = percent + '%';
  }

  function mark(technique, kind, word, detail) {
    var row = byId('t-' + technique);
    if (!row) return;
    row.className = kind;
    setText(byId('v-' + technique), word);
    setText(byId('g-' + technique), detail);
  }

  function conclude(advice) {
    setText(byId('use'), advice.text);
    var list = byId('troubles');
    for (var i = 0; i < advice.troubles.length; i++) {
      var t = advice.troubles[i];
      var item = document.createElement('li');
      line(item, 'strong', t.means);
      line(item, 'p', t.techniques.join(', '));
      line(item, 'p', t.advice);
      list.appendChild(item);
    }
    byId('why').className = advice.troubles.length ? '' : 'off';
    byId('advice').className = advice.use ? 'works' : 'broken';
    say('Done. ' + advice.text); // for those who listen; the others see it below
    byId('status').className = 'sr';
    byId('bar').className = 'off';
    setText(button, 'Test again');
    button.disabled = false;
    button.onclick = again;
  }

  function again() { location.reload(); }

  function lost(status, text) {
    for (var number in sessions) sessions[number].stop();
    say('The server cannot be reached any more' + (text ? ': ' + text : '') + (status ? ' (status ' + status + ')' : '') +
      '. What was measured so far is kept there.');
    setText(button, 'Try again');
    button.disabled = false;
    button.onclick = again;
  }

  function line(item, name, text) {
    var e = document.createElement(name);
    setText(e, text);
    item.appendChild(e);
  }

  function say(text) { setText(byId('status'), text); }

  function setText(element, text) {
    while (element.firstChild) element.removeChild(element.firstChild);
    element.appendChild(document.createTextNode(text));
  }

  function byId(id) { return document.getElementById(id); }
})();
