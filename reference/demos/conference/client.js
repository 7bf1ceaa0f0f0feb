// Bayeux is a client of the protocol by long-polling: one connect is held, and
// everything else goes beside it.
class Bayeux {
  constructor(url) { this.url = url; this.ids = 0; this.listeners = new Map(); this.onState = () => {}; this.onOpen = () => {}; }
  async send(messages) {
    for (const m of messages) { m.id = String(++this.ids); if (this.clientId) m.clientId = this.clientId; }
    const answer = await fetch(this.url, {method: 'POST', headers: {'Content-Type': 'application/json;charset=UTF-8'}, body: JSON.stringify(messages), cache: 'no-store'});
    if (!answer.ok) throw new Error('status ' + answer.status);
    const replies = await answer.json();
    for (const r of replies) if (r.data !== undefined && r.successful === undefined) this.deliver(r);
    return replies;
  }
  deliver(m) { for (const [prefix, f] of this.listeners) if (m.channel.startsWith(prefix)) f(m.data, m.channel); }
  // listen hands deliveries on channels that begin so to f.
  listen(prefix, f) { this.listeners.set(prefix, f); }
  // publish sends data; a refusal is an error.
  async publish(channel, data) {
    const reply = (await this.send([{channel, data}])).find(r => r.channel === channel && r.successful !== undefined);
    if (reply && !reply.successful) throw new Error(reply.error);
  }
  // connect holds one connect after the other until the session is over. One
  // that broke off is tried again: the session outlives it for a while.
  async connect() {
    for (let advice = {}; advice.reconnect !== 'handshake' && advice.reconnect !== 'none';) {
      let pause = 0;
      try {
        const reply = (await this.send([{channel: '/meta/connect', connectionType: 'long-polling'}])).find(r => r.channel === '/meta/connect');
        advice = {...advice, ...(reply && reply.advice)};
        pause = advice.interval || 0;
      } catch (e) {
        log('connect: ' + e.message, 'bad');
        pause = 1000;
      }
      if (pause > 0) await new Promise(done => setTimeout(done, pause));
    }
  }
  // run keeps a session, and begins another when the server has forgotten it.
  async run(subscription) {
    let pause = 0;
    for (;;) {
      try {
        this.clientId = undefined;
        const [hello] = await this.send([{channel: '/meta/handshake', version: '1.0', supportedConnectionTypes: ['long-polling']}]);
        if (!hello.successful) throw new Error(hello.error);
        this.clientId = hello.clientId;
        const [subscribed] = (await this.send([{channel: '/meta/subscribe', subscription}])).filter(r => r.channel === '/meta/subscribe');
        if (!subscribed.successful) throw new Error(subscribed.error);
        this.onState('connected'); this.onOpen();
        pause = 0;
        await this.connect();
      } catch (e) { log(e.message, 'bad'); }
      this.onState('coming back');
      pause = Math.min(10000, pause + 1000);
      await new Promise(done => setTimeout(done, pause));
    }
  }
}
