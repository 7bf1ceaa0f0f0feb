// What every script here does alike: node SCRIPT URL TRANSPORT [OPTIONS]
//
// TRANSPORT is one by the client's own name for it, or "any" for the client's
// own choice. OPTIONS are JSON: {"subscribe": [channels], "publish": {"channel":
// C, "count": N}, "send": [texts], "ack": true, "networkDelay": ms}. Each line
// of the output is one event: {"event": …, "at": microseconds since 1970, …} with the events
//   begin       the client is loaded and about to ask for a session
//   open        a session is there; transport says over what
//   subscribed  to channel
//   message     on channel, with data
//   published   number n, ok or why not
//   down        what is on its way failed, and why; the client goes on. Like
//               published it names the timer of the client's that was over, if
//               that is why
//   cut         an answer was broken off, which this client does not notice
//   over        the client does not go on, and why; with a code where the
//               protocol has codes
//   crashed     the client threw what nobody caught, and what; it is gone
import fs from "node:fs";
import vm from "node:vm";

const [url, transport = "any", options = "{}"] = process.argv.slice(2);
export const run = {url, transport, subscribe: [], send: [], ack: true, ...JSON.parse(options)};

export function say(event, more) {
  const at = Math.round((performance.timeOrigin + performance.now()) * 1000);
  fs.writeSync(1, JSON.stringify({event, at, ...more}) + "\n");
}

export function over(why, code) {
  say("over", {why, code});
  process.exit(0);
}

// scripts gives a client without a browser the part of a document that
// callback-polling needs: an element that loads and runs a script.
export function scripts(XMLHttpRequest) {
  const head = {
    appendChild(script) {
      script.parentNode = head;
      const request = new XMLHttpRequest();
      request.open("GET", script.src, true);
      request.onload = () => {
        try {
          if (request.status !== 200) throw new Error("status " + request.status);
          vm.runInThisContext(request.responseText);
        } catch (e) {
          script.onerror({type: "error: " + e.message});
        }
      };
      request.onerror = () => script.onerror({type: "error"});
      request.send();
    },
    removeChild() {},
  };
  return {getElementsByTagName: () => [head], createElement: () => ({})};
}

process.on("uncaughtException", (e) => { say("crashed", {why: String(e.stack || e)}); process.exit(1); });
