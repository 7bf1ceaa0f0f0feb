// What a page saw, with the time it saw it, on its way to whoever asked.
//
// Two sinks. The driver's is a binding that the driver adds to the page,
// window.cometbenchSink(text), called once an event. The origin's is HTTP:
// cometbenchLog.toURL(url) collects events and posts them as JSON lines.
// Without either, events are forgotten.
'use strict';

const cometbenchLog = (() => {
  const batchEvents = 50;     // post at once when so many wait
  const batchPause = 500;     // ms, otherwise
  const keptEvents = 10000;   // while posting fails; the oldest go first
  const oneFetchBytes = 60000; // browsers refuse more with keepalive

  // Unix time in microseconds, by this page's own clock.
  const now = () => Math.round((performance.timeOrigin + performance.now()) * 1000);

  const toDriver = (event) => window.cometbenchSink(JSON.stringify(event));

  // toURL returns a sink that posts batches to url, one event a line, and
  // that can be flushed. A page that goes away flushes what it has.
  function toURL(url) {
    let waiting = [];
    let lost = 0;
    let timer = 0;
    let posting = false;
    let failing = false;

    async function flush(leaving = false) {
      clearTimeout(timer);
      timer = 0;
      if (waiting.length === 0 || (posting && !leaving)) return;
      const batch = waiting;
      waiting = [];
      if (lost > 0) batch.unshift({ t_us: now(), kind: 'error', note: `${lost} events could not be posted` });
      lost = 0;
      posting = true;
      const body = batch.map((e) => JSON.stringify(e) + '\n').join('');
      try {
        const answer = await fetch(url, {
          method: 'POST', body, cache: 'no-store',
          headers: { 'Content-Type': 'application/x-ndjson' },
          keepalive: leaving && body.length < oneFetchBytes,
        });
        if (!answer.ok) throw new Error(`status ${answer.status}`);
        failing = false;
      } catch {
        failing = true;
        waiting = batch.concat(waiting);
        const excess = waiting.length - keptEvents;
        if (excess > 0) {
          waiting.splice(0, excess);
          lost += excess;
        }
      } finally {
        posting = false;
      }
      if (waiting.length > 0 && timer === 0) timer = setTimeout(flush, batchPause);
    }

    function sink(event) {
      waiting.push(event);
      if (waiting.length >= batchEvents && !failing) flush();
      else if (timer === 0) timer = setTimeout(flush, batchPause);
    }
    sink.flush = flush;
    addEventListener('pagehide', () => flush(true));
    return sink;
  }

  const log = {
    now,
    toURL,
    sink: null, // set to a function of one event; the driver's binding is used otherwise
    emit(event) {
      const stamped = { t_us: now(), ...event };
      if (log.sink) log.sink(stamped);
      else if (window.cometbenchSink) toDriver(stamped);
    },
  };
  return log;
})();
