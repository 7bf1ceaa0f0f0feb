// The client of the CometD project (npm cometd), on Node by its own adapter.
import {adapt} from "cometd-nodejs-client";
import {AckExtension, CometD} from "cometd";
import {over, run, say, scripts} from "./script.js";

adapt({logLevel: "warn"});
global.window.document = scripts(global.window.XMLHttpRequest);
// A script calls a function of the window, which in a page is the global object.
global.window = new Proxy(global.window, {
  set(target, name, value) { target[name] = value; global[name] = value; return true; },
  deleteProperty(target, name) { delete target[name]; delete global[name]; return true; },
});

const client = new CometD();
client.websocketEnabled = true;
if (run.ack) client.registerExtension("ack", new AckExtension());
const configuration = {url: run.url, logLevel: "none", appendMessageTypeToURL: !run.url.includes("?")};
if (run.networkDelay) configuration.maxNetworkDelay = run.networkDelay;
client.configure(configuration);
for (const type of client.getTransportTypes()) {
  if (run.transport !== "any" && type !== run.transport) client.unregisterTransport(type);
}

// why is what cometd says of a failure, in its own words.
function why(m) {
  const f = m.failure;
  return m.error || (f && (f.reason || (f.exception && String(f.exception)) || (f.httpCode && "status " + f.httpCode))) || "unknown";
}
// Requests that are not held have maxNetworkDelay; a connect has the hold of
// the server's advice on top.
function timer(m) {
  if (!/^Transport .* expired waiting|^Message Timeout/.test(why(m))) return undefined;
  const {maxNetworkDelay} = client.getConfiguration();
  return m.channel === "/meta/connect" ? `maxNetworkDelay of ${maxNetworkDelay} ms above the hold` : `maxNetworkDelay of ${maxNetworkDelay} ms`;
}
const overNow = (m) => m.advice && m.advice.reconnect === "none";

let published = false;
client.addListener("/meta/handshake", (m) => {
  if (!m.successful) {
    say("down", {on: m.channel, why: why(m), timer: timer(m)});
    if (overNow(m)) over(why(m));
    return;
  }
  say("open", {transport: client.getTransport().type});
  client.batch(() => {
    for (const channel of run.subscribe) {
      client.subscribe(channel, (d) => say("message", {channel: d.channel, data: d.data}),
        (r) => r.successful ? say("subscribed", {channel, replay: r.ext && r.ext.replay}) : say("down", {on: r.channel, why: why(r), timer: timer(r)}));
    }
  });
  if (run.publish && !published) {
    published = true;
    for (let n = 0; n < run.publish.count; n++) {
      client.publish(run.publish.channel, {n}, (r) => say("published", {n, ok: r.successful, why: r.successful ? undefined : why(r), timer: r.successful ? undefined : timer(r)}));
    }
  }
});
client.addListener("/meta/connect", (m) => {
  if (client.isDisconnected()) return;
  if (!m.successful) say("down", {on: m.channel, why: why(m), timer: timer(m)});
  else say("connected", {transport: client.getTransport().type});
  if (overNow(m)) over(why(m));
});
client.addListener("/meta/disconnect", () => over("disconnected"));
say("begin");
client.handshake();

process.on("SIGTERM", () => process.exit(0));
