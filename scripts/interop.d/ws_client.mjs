// Node's ws on /ws: the subprotocol, resuming after a cursor, ping and pong, a signal, the closing handshake.
import assert from "node:assert/strict";
import WebSocket from "ws";

const server = process.argv[2];
const timeout = setTimeout(() => { throw new Error("it takes too long"); }, 30_000);

function listen(after, count) {
  return new Promise((resolve, reject) => {
    const socket = new WebSocket(`ws://${server}/ws?after=${after}`, ["pushbench.v1"]);
    const heard = { seqs: [], ack: null, pong: false };
    socket.on("open", () => { socket.ping("are you there?"); socket.send('{"id":7,"data":"hello"}'); });
    socket.on("pong", (data) => { heard.pong = data.toString() === "are you there?"; });
    socket.on("message", (data, isBinary) => {
      const message = JSON.parse(data);
      if (message.seq) heard.seqs.push(message.seq); else heard.ack = message.id;
      if (heard.seqs.length >= count && heard.ack !== null && heard.pong) socket.close(1000, "enough");
    });
    socket.on("close", (code) => resolve({ ...heard, code, protocol: socket.protocol }));
    socket.on("error", reject);
  });
}

const first = await listen(0, 100);
const next = await listen(first.seqs.at(-1), 50);
const seqs = [...first.seqs, ...next.seqs];
assert.deepEqual(seqs, seqs.map((_, place) => place + 1));
for (const heard of [first, next]) {
  assert.deepEqual([heard.ack, heard.pong, heard.code, heard.protocol], [7, true, 1000, "pushbench.v1"]);
}
console.log(`${seqs.length} updates without a gap over two connections, pong, acknowledged, closed with 1000`);
clearTimeout(timeout);
