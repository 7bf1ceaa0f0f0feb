// The stream of all tabs of a room, held by a worker that they share: each tab is
// a port.
'use strict';
const ports = new Set();
let source = null;
onconnect = ({ ports: [port] }) => {
  port.onmessage = ({ data }) => {
    if (data.leave) {
      ports.delete(port);
      return;
    }
    ports.add(port);
    if (source) return;
    source = new EventSource(data.stream);
    source.onmessage = (e) => {
      for (const p of ports) p.postMessage({ message: JSON.parse(e.data).data, tabs: ports.size });
    };
  };
};
