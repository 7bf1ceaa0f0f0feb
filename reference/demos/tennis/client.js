// The page's side of the comet server: it makes iframes, renews them, and hands
// messages to handleServerMessage, each once and in order.
'use strict';
window.serverComet = {
  frames: new Map(), streamId: 0, last: 0, recycled: 0, doubles: 0, missing: 0,
  start(settings) {
    this.settings = settings;
    this.frames.forEach(f => f.remove());
    this.frames.clear();
    this.last = 0;
    handleServerMessage({type: 'welcome', name: settings.name});
    this.open();
  },
  url(path, query) {
    return this.settings.path + path + '?' + new URLSearchParams({clientId: this.settings.clientId, streamId: this.streamId, ...query, nonce: Math.random().toString(36).slice(2)});
  },
  // open makes an iframe; the one before stays until this one speaks.
  open() {
    clearTimeout(this.renewal);
    const id = ++this.streamId, f = document.createElement('iframe');
    f.title = 'message stream';
    f.onload = () => this.ended(id);
    f.src = this.url('serverComet.stream', {after: this.last});
    this.frames.set(id, f);
    document.body.append(f);
    this.alive();
  },
  opened(id) {
    this.alive();
    for (const [other, f] of this.frames) {
      if (other < id) { this.frames.delete(other); setTimeout(() => f.remove()); this.recycled++; }
    }
    clearTimeout(this.renewal);
    this.renewal = setTimeout(() => this.open(), this.settings.recycle);
  },
  receive(number, message) {
    this.alive();
    if (number <= this.last) { this.doubles++; return; }
    this.missing += number - this.last - 1;
    this.last = number;
    handleServerMessage(message);
  },
  lost(gap) { handleServerMessage({type: 'lost', missed: gap.missed}); },
  // alive watches for silence: an iframe that was cut gives no sign of it.
  alive() {
    clearTimeout(this.silence);
    this.silence = setTimeout(() => this.again('nothing came for ' + this.settings.quiet / 1000 + ' s'), this.settings.quiet);
  },
  ended(id) {
    const f = this.frames.get(id);
    if (!f) return;
    this.frames.delete(id);
    setTimeout(() => f.remove());
    if (this.frames.size === 0) this.again('the stream ended');
  },
  again(why) {
    clearTimeout(this.silence); clearTimeout(this.renewal);
    this.frames.forEach(f => setTimeout(() => f.remove()));
    this.frames.clear();
    handleServerMessage({type: 'broken', text: why});
    this.renewal = setTimeout(() => this.open(), this.settings.retry);
  },
  // gone means that the server has forgotten this client.
  gone() {
    clearTimeout(this.silence); clearTimeout(this.renewal);
    this.frames.forEach(f => setTimeout(() => f.remove()));
    this.frames.clear();
    handleServerMessage({type: 'gone'});
  },
  // send sends a message; the promise rejects with what the user is to be told.
  async send(message) {
    const answer = await fetch(this.url('serverComet.message', {message: JSON.stringify(message)}), {cache: 'no-store'});
    if (answer.status === 410) { this.gone(); throw new Error('the server has forgotten this page'); }
    if (!answer.ok) throw new Error((await answer.text()).trim());
    const body = await answer.json();
    if (body.error) throw new Error(body.error);
  },
};
