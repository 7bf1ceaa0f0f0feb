// The client of the Faye project (npm faye). Its acknowledgements are an
// extension of ours, for it brings none; the transport callback-polling is its
// own, which it registers in browsers only.
import {createRequire} from "node:module";
import {adapt} from "cometd-nodejs-client";
import {run, say, scripts} from "./script.js";

adapt({});
global.document = scripts(global.window.XMLHttpRequest);
delete global.window; // faye would take it for a browser's
const require = createRequire(import.meta.url);
const faye = require("faye");
const Transport = require("faye/src/transport/transport");
Transport.register("callback-polling", require("faye/src/transport/jsonp"));

const client = new faye.Client(run.url, {timeout: 60, retry: 1});
// It shakes hands by a poll whatever it may use later, and is given one for that.
for (const type of Transport.getConnectionTypes()) {
  const handshake = run.transport === "websocket" && type === "long-polling";
  if (run.transport !== "any" && type !== run.transport && !handshake) client.disable(type);
}
const why = (m) => m.error || "unknown";

let ack = 0;
client.addExtension({
  outgoing(m, done) {
    if (run.ack && m.channel === "/meta/handshake") { m.ext = {...m.ext, ack: true}; ack = 0; }
    if (run.ack && m.channel === "/meta/connect") m.ext = {...m.ext, ack};
    done(m);
  },
  incoming(m, done) {
    if (m.channel === "/meta/connect" && m.ext && m.ext.ack !== undefined) ack = m.ext.ack;
    if (m.channel === "/meta/handshake" && m.successful) setImmediate(() => say("open", {transport: client._dispatcher.connectionType}));
    if (m.successful === false) say("down", {on: m.channel, why: why(m)});
    done(m);
    if (m.channel === "/meta/connect" && m.successful) say("connected", {transport: client._dispatcher.connectionType});
    if (m.advice && m.advice.reconnect === "none") { say("over", {why: why(m)}); process.exit(0); }
  },
});
client.on("transport:down", () => say("down", {on: "transport", why: "transport:down"}));
say("begin");
for (const channel of run.subscribe) {
  client.subscribe(channel).withChannel((on, data) => say("message", {channel: on, data}))
    .then(() => say("subscribed", {channel}), (e) => say("down", {on: "/meta/subscribe", why: e.message}));
}
if (run.publish) {
  for (let n = 0; n < run.publish.count; n++) {
    client.publish(run.publish.channel, {n}).then(() => say("published", {n, ok: true}), (e) => say("published", {n, ok: false, why: e.message}));
  }
}
process.on("SIGTERM", () => process.exit(0));
