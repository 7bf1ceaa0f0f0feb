// A CometD client: node cometd.js URL TRANSPORT [COUNT [ACK]]
// TRANSPORT is websocket, long-polling, callback-polling or any.
import {adapt} from "cometd-nodejs-client";
import {CometD, AckExtension} from "cometd";
import fs from "node:fs";
const say = (o) => fs.writeSync(1, JSON.stringify({at: Date.now(), ...o}) + "\n");
const [url, transport = "any", count = "0"] = process.argv.slice(2);
adapt({logLevel: "warn"});
const c = new CometD();
c.websocketEnabled = true;
c.registerExtension("ack", new AckExtension());
c.configure({url, logLevel: "warn"});
for (const t of c.getTransportTypes()) if (transport !== "any" && t !== transport) c.unregisterTransport(t);
c.addListener("/meta/connect", (m) => say({event: "connect", ok: m.successful, error: m.error, failure: m.failure && String(m.failure.reason || m.failure.exception || m.failure.httpCode)}));
let got = [];
c.handshake((h) => {
  say({event: "handshake", ok: h.successful, transport: c.getTransport() && c.getTransport().type, advice: h.advice});
  if (!h.successful) return;
  c.batch(() => {
    c.subscribe("/chat/*", (m) => { got.push(m.data.n); if (got.length === +count) { say({event: "got", n: got.length, ok: got.every((x, i) => x === i)}); c.disconnect(() => { say({event: "disconnected"}); }); } }, (r) => say({event: "subscribed", ok: r.successful, error: r.error}));
  });
  for (let n = 0; n < +count; n++) c.publish("/chat/room", {n}, (r) => { if (!r.successful) say({event: "publish", n, error: r.error}); });
});
