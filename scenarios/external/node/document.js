// As much of a browser's document as jsonp-polling needs: script elements that
// load and run, and a form that posts its one field into an iframe.
import http from "node:http";
import vm from "node:vm";

function request(method, url, headers, body, done) {
  const r = http.request(url, {method, headers}, (res) => {
    let text = "";
    res.setEncoding("utf8").on("data", (piece) => { text += piece; })
      .on("close", () => done(res.complete ? null : new Error("cut"), res.statusCode, text));
  });
  r.on("error", done);
  r.end(body);
}

function load(script) {
  request("GET", script.src, {}, undefined, (err, status, text) => {
    if (!script.parentNode) return;
    if (err || status !== 200) return script.onerror && script.onerror(err || status);
    try {
      vm.runInThisContext(text);
    } catch { // is a matter of the window; the script has loaded
    }
    if (script.onload) script.onload();
  });
}

function create(name) {
  if (name.startsWith("<")) throw new Error("not Internet Explorer 6");
  const children = [];
  const self = {
    name: "", style: {}, parentNode: null,
    appendChild(child) {
      children.push(child);
      child.parentNode = self;
      if (child.tag === "script") load(child);
      return child;
    },
    insertBefore(child) { return self.appendChild(child); },
    removeChild(child) { child.parentNode = null; },
    submit() {
      const body = children.filter((c) => c.tag === "textarea").map((c) => c.name + "=" + encodeURIComponent(c.value)).join("&");
      const frame = everything.find((e) => e.tag === "iframe" && e.name === self.target);
      request("POST", self.action, {"Content-Type": "application/x-www-form-urlencoded"}, body, (err) => {
        if (err ? frame && frame.onerror : frame && frame.onload) (err ? frame.onerror : frame.onload)();
      });
    },
  };
  self.tag = name;
  everything.push(self);
  return self;
}

const everything = [];
const head = create("head");
const body = create("body");

export const document = {
  body,
  createElement: create,
  getElementsByTagName: (name) => [name === "head" ? head : body],
};
