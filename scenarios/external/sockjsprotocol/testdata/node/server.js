// The four services of the published suite on sockjs-node, to hold the cases
// against a server that is not ours. Prints its address.
'use strict';

const http = require('http');
const sockjs = require('sockjs');

const web = http.createServer();

function service(path, options, opened) {
  const s = sockjs.createServer({response_limit: 4096, log: () => {}, ...options});
  s.on('connection', opened);
  s.installHandlers(web, {prefix: '/sockjs/' + path});
}

function echo(conn) {
  conn.on('data', (text) => conn.write(text));
}

service('echo', {}, echo);
service('close', {}, (conn) => conn.close(3000, 'Go away!'));
service('disabled_websocket_echo', {websocket: false}, echo);
service('cookie_needed_echo', {jsessionid: true}, echo);

web.listen(0, '127.0.0.1', () => console.log('http://127.0.0.1:' + web.address().port));
process.stdin.on('end', () => process.exit(0)).resume();
