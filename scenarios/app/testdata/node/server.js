// A foreign application: what a person might point the instrument at, good
// endpoints and bad ones, in plain Node and sharing nothing with the rest of
// the repository. It listens on a free port of 127.0.0.1, prints {"port":N} as
// one line, and exits on SIGTERM or when its standard input closes.
'use strict';

const crypto = require('node:crypto');
const http = require('node:http');
const zlib = require('node:zlib');
const {once} = require('node:events');
const {setTimeout: sleep} = require('node:timers/promises');

const SSE = 'text/event-stream', NDJSON = 'application/x-ndjson', HTML = 'text/html; charset=utf-8';
const MAX_BODY = 1 << 20;

const event = data => `data: ${typeof data === 'string' ? data : JSON.stringify(data)}\n\n`;
const line = data => JSON.stringify(data) + '\n';
const message = n => ({n, t: Date.now(), text: `message ${n}`}); // t is Unix milliseconds

// number is a whole number of the query, not negative.
function number(query, name, otherwise) {
  const text = query.get(name);
  if (text === null) return otherwise;
  if (!/^\d{1,9}$/.test(text)) throw new BadRequest(`${name}: want a whole number`);
  return Number(text);
}

class BadRequest extends Error {}

// Each endpoint gets a call: the request, the response, the query and a signal
// that fires when the client is gone.
const endpoints = {
  '/sse': call => stream(call, SSE, messages(call, event), DONE),
  '/ndjson': call => stream(call, NDJSON, messages(call, line)),
  '/tokens': tokens,
  '/silent': call => stream(call, SSE, messages(call, event, {silence: number(call.query, 'silence', 2000)}), DONE),

  '/redirect': call => reply(call, 302, HTML, '', {Location: '/login'}),
  '/login': call => reply(call, 200, HTML, LOGIN),
  '/login401': call => reply(call, 401, HTML, LOGIN),
  '/never': call => once(call.res, 'close'),
  '/forever': call => stream(call, SSE, messages(call, event, {n: Infinity, gap: 50})),
  '/huge': huge,
  '/liar-html': call => reply(call, 200, SSE, LOGIN),
  '/liar-json': call => stream(call, NDJSON, messages(call, event), DONE),
  '/truncated': truncated,
  '/disorder': call => stream(call, SSE, messages(call, event, {order: [1, 2, 4, 3, 5, 5, 6, 8, 9, 10]}), DONE), // 7 is missing
  '/slow-first': async call => {
    await pause(call, number(call.query, 'ms', 3000));
    await endpoints['/sse'](call);
  },
  '/cookie': call => /(?:^|;\s*)session=[^;\s]/.test(call.req.headers.cookie || '')
    ? endpoints['/sse'](call)
    : reply(call, 401, HTML, LOGIN),
  '/auth': call => process.env.APP_SECRET && call.req.headers.authorization === `Bearer ${process.env.APP_SECRET}`
    ? endpoints['/sse'](call)
    : reply(call, 401, 'application/json', '{"error":"unauthorized"}', {'WWW-Authenticate': 'Bearer realm="app"'}),
  '/gzip': gzip,
  '/websocket': call => reply(call, 426, 'text/plain', 'want a WebSocket\n', {Upgrade: 'websocket', Connection: 'Upgrade'}),
};

const DONE = event('[DONE]');
const LOGIN = '<!doctype html>\n<title>Sign in</title>\n<form method="post"><input name="user"><input name="password" type="password"><button>Sign in</button></form>\n';

// messages yields n messages, gap ms apart, as frame writes them.
async function* messages(call, frame, {n = 12, gap = 200, silence, order} = {}) {
  n = number(call.query, 'n', n);
  gap = number(call.query, 'gap', gap);
  if (order) n = order.length;
  for (let i = 1; i <= n; i++) {
    if (i > 1) await pause(call, silence !== undefined && i === Math.floor(n / 2) + 1 ? silence : gap);
    yield frame(message(order ? order[i - 1] : i));
  }
}

const pause = (call, ms) => sleep(ms, undefined, {signal: call.signal});

// stream answers with what source yields, and then last.
async function stream(call, type, source, last = '') {
  let begun = false;
  for await (const text of source) {
    if (!begun) head(call, type);
    begun = true;
    await write(call, call.res, text);
  }
  if (!begun) head(call, type);
  call.res.end(last);
}

function head(call, type, more) {
  call.res.writeHead(200, {'Content-Type': type, 'Cache-Control': 'no-cache', ...more});
}

// write waits while the client is slower than we are.
async function write(call, to, text) {
  if (!to.write(text)) await once(to, 'drain', {signal: call.signal});
}

function reply(call, status, type, text, more) {
  call.res.writeHead(status, {'Content-Type': type, 'Content-Length': Buffer.byteLength(text), ...more});
  call.res.end(text);
}

// tokens streams as language models do: chunks of 1 to 8 bytes of text.
async function tokens(call) {
  const asked = call.req.method === 'POST' ? await json(call) : {};
  const n = Number.isInteger(asked.max_tokens) ? asked.max_tokens : number(call.query, 'n', 40);
  const pieces = ['The', ' stream', ' is', ' a', ' row', ' of', ' small', ' words', ',', ' é', ' and', ' then', ' it', ' ends', '.', '\n'];
  const chunk = (delta, finish_reason = null) => event({
    id: 'chatcmpl-1', object: 'chat.completion.chunk', created: Math.floor(Date.now() / 1000), model: asked.model || 'foreign',
    choices: [{index: 0, delta, finish_reason}],
  });
  await stream(call, SSE, (async function* () {
    yield chunk({role: 'assistant', content: ''});
    for (let i = 0; i < n; i++) {
      await pause(call, 20 + Math.floor(11 * Math.random()));
      yield chunk({content: pieces[i % pieces.length]});
    }
    yield chunk({}, 'stop');
  })(), DONE);
}

// json reads the body as a JSON object.
async function json(call) {
  let text = '';
  call.req.setEncoding('utf8');
  for await (const part of call.req) {
    text += part;
    if (text.length > MAX_BODY) throw new BadRequest('the body is too long');
  }
  try {
    const value = JSON.parse(text);
    if (value && typeof value === 'object') return value;
  } catch {}
  throw new BadRequest('want a JSON object');
}

// huge is an event without an end: 10 MB and no line end in it.
async function huge(call) {
  head(call, SSE);
  const part = 'x'.repeat(1 << 16);
  for (let left = number(call.query, 'bytes', 10_000_000); left > 0; left -= part.length) {
    await write(call, call.res, part.slice(0, left));
  }
  call.res.end();
}

// truncated says half of what it should.
async function truncated(call) {
  const n = number(call.query, 'n', 12), gap = number(call.query, 'gap', 200);
  head(call, SSE);
  for (let i = 1; i <= Math.floor(n / 2); i++) {
    await write(call, call.res, event(message(i)));
    await pause(call, gap); // also behind the last: what is written is to arrive
  }
  if (call.query.get('clean') === '1') call.res.end();
  else call.res.socket.destroy();
}

// gzip compresses as an application does, each message flushed unless flush=0.
async function gzip(call) {
  if (!/\bgzip\b/.test(call.req.headers['accept-encoding'] || '')) return endpoints['/sse'](call);
  head(call, SSE, {'Content-Encoding': 'gzip', Vary: 'Accept-Encoding'});
  const zip = zlib.createGzip();
  zip.pipe(call.res);
  for await (const text of messages(call, event)) {
    await write(call, zip, text);
    if (call.query.get('flush') !== '0') zip.flush(zlib.constants.Z_SYNC_FLUSH);
  }
  zip.end(DONE);
}

// gone tells that a write failed because the client left.
const gone = e => e.code === 'ECONNRESET' || e.code === 'EPIPE';

const counts = {};
const count = path => { counts[path] = (counts[path] || 0) + 1; };

// target is the URL of a request; what is none leads nowhere.
const BASE = 'http://127.0.0.1';
const target = req => new URL(URL.canParse(req.url, BASE) ? req.url : '/', BASE);

// left is a signal that fires when a response or socket is closed.
function left(stream) {
  const gone = new AbortController();
  stream.once('close', () => gone.abort());
  return gone.signal;
}

const server = http.createServer(async (req, res) => {
  const url = target(req), call = {req, res, query: url.searchParams, signal: left(res)};
  if (url.pathname === '/count') return reply(call, 200, 'application/json', JSON.stringify(counts));
  const endpoint = Object.hasOwn(endpoints, url.pathname) && endpoints[url.pathname];
  if (!endpoint) return reply(call, 404, 'text/plain', 'not found\n');
  count(url.pathname);
  if (req.method !== 'GET' && req.method !== 'POST') return reply(call, 405, 'text/plain', 'want GET or POST\n', {Allow: 'GET, POST'});
  try {
    await endpoint(call);
  } catch (e) {
    if (e instanceof BadRequest && !res.headersSent) reply(call, 400, 'text/plain', e.message + '\n');
    else if (!call.signal.aborted && !gone(e)) throw e;
  }
});
server.keepAliveTimeout = 60_000;

// WebSocket, as much of RFC 6455 as it takes to send text.

const TEXT = 1, CLOSE = 8, PING = 9, PONG = 10;

function frame(opcode, payload) {
  const body = Buffer.from(payload), long = body.length > 125;
  const start = Buffer.alloc(long ? 4 : 2);
  start[0] = 0x80 | opcode;
  start[1] = long ? 126 : body.length;
  if (long) start.writeUInt16BE(body.length, 2); // what is sent here is short
  return Buffer.concat([start, body]);
}

// incoming calls got with each frame of the client; a long or unmasked one ends
// the connection.
function incoming(socket, rest, got) {
  const take = data => {
    rest = Buffer.concat([rest, data]);
    while (rest.length >= 6) {
      const long = (rest[1] & 0x7f) === 126, at = long ? 8 : 6;
      if (!(rest[1] & 0x80) || (rest[1] & 0x7f) === 127) return socket.destroy();
      if (rest.length < at) return;
      const size = long ? rest.readUInt16BE(2) : rest[1] & 0x7f;
      if (rest.length < at + size) return;
      const mask = rest.subarray(at - 4, at);
      got(rest[0] & 0x0f, rest.subarray(at, at + size).map((b, i) => b ^ mask[i & 3]));
      rest = rest.subarray(at + size);
    }
  };
  socket.on('data', take);
  take(Buffer.alloc(0));
}

server.on('upgrade', async (req, socket, rest) => {
  socket.on('error', () => {}); // close follows
  const url = target(req), key = req.headers['sec-websocket-key'];
  if (Object.hasOwn(endpoints, url.pathname)) count(url.pathname);
  if (url.pathname !== '/websocket' || !key || !/^websocket$/i.test(req.headers.upgrade)) {
    return socket.end('HTTP/1.1 400 Bad Request\r\nConnection: close\r\nContent-Length: 0\r\n\r\n');
  }
  const accept = crypto.createHash('sha1').update(key + '258EAFA5-E914-47DA-95CA-C5AB0DC85B11').digest('base64');
  socket.write(`HTTP/1.1 101 Switching Protocols\r\nUpgrade: websocket\r\nConnection: Upgrade\r\nSec-WebSocket-Accept: ${accept}\r\n\r\n`);
  const call = {query: url.searchParams, signal: left(socket)};
  let closing = false;
  incoming(socket, rest, (opcode, payload) => {
    if (opcode === PING && !closing) socket.write(frame(PONG, payload));
    if (opcode === CLOSE) socket.end(closing ? undefined : frame(CLOSE, payload));
  });
  try {
    for await (const text of messages(call, JSON.stringify)) await write(call, socket, frame(TEXT, text));
    closing = true;
    socket.write(frame(CLOSE, [1000 >> 8, 1000 & 0xff]));
    await pause(call, 2000); // for the client's own close frame
    socket.destroy();
  } catch (e) {
    if (!call.signal.aborted && !socket.writableEnded && !gone(e)) throw e;
  }
});

process.on('SIGTERM', () => process.exit(0));
process.stdin.on('end', () => process.exit(0)).on('error', () => process.exit(0)).resume();
server.listen(0, '127.0.0.1', () => process.stdout.write(JSON.stringify({port: server.address().port}) + '\n'));
