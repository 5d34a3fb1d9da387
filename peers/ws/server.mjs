// node server.mjs HOST PORT: every line on stdin goes to every client as it is. That is all of the contract.
import { createInterface } from "node:readline";
import { WebSocketServer } from "ws";

const [host, port] = process.argv.slice(2);
// Compression would be offered to clients that never ask for it; the backlog is that of the other peers.
const server = new WebSocketServer({ host, port, backlog: 4096, perMessageDeflate: false });
createInterface({ input: process.stdin }).on("line", (line) => {
  for (const client of server.clients) client.send(line);
});
