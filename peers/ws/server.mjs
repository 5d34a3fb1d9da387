// node server.mjs HOST PORT: every line on stdin goes to every client as it is, and that is all of the contract; so does, here, what a
// client says.
import { createInterface } from "node:readline";
import { WebSocketServer } from "ws";

const [host, port] = process.argv.slice(2);
// Compression would be offered to clients that never ask for it; the backlog is that of the other peers.
const server = new WebSocketServer({ host, port, backlog: 4096, perMessageDeflate: false });
const broadcast = (line) => {
  for (const client of server.clients) client.send(line);
};
server.on("connection", (client) => client.on("message", (said) => broadcast(said.toString())));
createInterface({ input: process.stdin }).on("line", broadcast);
