// Starts a peer's server, and beside the generator's clients one that a vendor made, over one transport.
//
//     node vendor.mjs CLIENT TRANSPORT FILE COMMAND.. HOST PORT     FILE: the numbers of the updates that it got, written as it is ended
import { spawn } from "node:child_process";
import { writeFileSync } from "node:fs";
import { connect } from "node:net";
import faye from "faye";
import { io } from "socket.io-client";
import SockJS from "sockjs-client";

const [vendor, transport, file, program, ...words] = process.argv.slice(2);
const [host, port] = words.slice(-2);
const server = spawn(program, words, { stdio: "inherit" });
server.on("exit", (status) => process.exit(status ?? 0));
const [url, polls] = [`http://${host}:${port}`, transport === "long-poll"];
const seqs = [];
// The stamp (protocol/src/stamp.rs): its first number is the update's.
function got(message) {
  const text = typeof message === "string" ? message : JSON.stringify(message);
  for (const [, seq] of text.matchAll(/zpbz([0-9a-v]{13})y/g)) seqs.push(parseInt(seq, 32));
}
const clients = {
  socketio: () => io(url, { transports: [polls ? "polling" : "websocket"] }).on("update", got),
  sockjs: () => {
    const client = new SockJS(`${url}/push`, null, { transports: [polls ? "xhr-polling" : "websocket"] });
    client.onmessage = ({ data }) => got(data);
  },
  faye: () => {
    const client = new faye.Client(`${url}/bayeux`);
    if (polls) client.disable("websocket");
    client.subscribe("/updates", got);
  },
};
// As soon as somebody listens.
(function start() {
  const socket = connect(port, host, () => { socket.destroy(); clients[vendor](); });
  socket.on("error", () => setTimeout(start, 20));
})();
process.on("SIGTERM", () => server.kill());
process.on("exit", () => writeFileSync(file, JSON.stringify(seqs)));
