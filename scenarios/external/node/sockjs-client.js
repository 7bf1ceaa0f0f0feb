// The client of the SockJS project (npm sockjs-client), as it is in Node. A
// session is of one channel, which the URL names: to be open is to be
// subscribed. It does not come back by itself: what ends its session is told
// as over, with the code, and an application would begin anew.
import http from "node:http";
import {createRequire} from "node:module";
import {over, run, say} from "./script.js";
import {document} from "./document.js";

// jsonp-polling needs something like a document, which others would take for a
// browser's. So it is not among any.
if (run.transport === "jsonp-polling") global.document = document;
const SockJS = createRequire(import.meta.url)("sockjs-client");

// In Node it asks for polls and xhr-streaming by http.request and hears of an
// answer's end alone: of one that is broken off it never learns.
const request = http.request;
http.request = (...args) => request(...args).on("response", (answer) => answer.on("close", () => {
  const path = answer.req.path.split("?")[0];
  if (!answer.complete && !answer.req.aborted && /\/xhr(_streaming)?$/.test(path)) say("cut", {status: answer.statusCode, why: "an answer was broken off, of which the client is not told in Node; its session is dead"});
}));

say("begin");
const client = new SockJS(run.url, null, run.transport === "any" ? {} : {transports: [run.transport]});
// The client tells nobody which transports it gave up before it was open.
const given = client._transportClose;
client._transportClose = function (code, why) {
  if (this._transport && this.readyState === SockJS.CONNECTING) say("down", {on: this._transport.transportName, why: [code, why].join(" ").trim()});
  given.call(this, code, why);
};
client.onopen = () => {
  say("open", {transport: client.transport});
  for (const channel of run.subscribe) say("subscribed", {channel});
  for (const text of run.send) client.send(text);
};
client.onmessage = (e) => say("message", {channel: run.subscribe[0], data: e.data});
client.onclose = (e) => over(e.reason, e.code);

process.on("SIGTERM", () => process.exit(0));
