// The published client (npm sockjs-client) at work: node client.js URL TRANSPORT [OPTIONS]
//
// TRANSPORT is one by the client's own name, or "any" for its own choice.
// OPTIONS are JSON: {"send": [texts]}, sent when the session is there. Each line
// of the output is one event: {"event": …, "at": microseconds since 1970, …}
//   open     a session is there; transport says over what
//   message  data is what came
//   over     the client does not go on; code and why are what it says
// It leaves when its standard input ends.
'use strict';

const fs = require('fs');
const [url, transport = 'any', options = '{}'] = process.argv.slice(2);
const run = {send: [], ...JSON.parse(options)};

function say(event, more) {
  const at = Math.round((performance.timeOrigin + performance.now()) * 1000);
  fs.writeSync(1, JSON.stringify({event, at, ...more}) + '\n');
}

if (transport === 'jsonp-polling') require('./document.js');
const SockJS = require('sockjs-client');

const sock = new SockJS(url, null, transport === 'any' ? {} : {transports: [transport]});
sock.onopen = () => {
  say('open', {transport: sock.transport});
  for (const text of run.send) sock.send(text);
};
sock.onmessage = (e) => say('message', {data: e.data});
sock.onclose = (e) => {
  say('over', {code: e.code, why: e.reason});
  process.exit(0);
};
process.stdin.on('end', () => process.exit(0)).resume();
