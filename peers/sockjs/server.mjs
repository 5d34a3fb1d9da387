// node server.mjs HOST PORT: every line on stdin goes to every client.
import { createServer } from "node:http";
import { createInterface } from "node:readline";
import sockjs from "sockjs";

const [host, port] = process.argv.slice(2);
const clients = new Set();
const push = sockjs.createServer({ log: () => {} });
push.on("connection", (client) => {
  clients.add(client);
  client.on("close", () => clients.delete(client));
});
const http = createServer();
// Node ends a kept connection after 5 idle seconds: a client would be counted as coming back.
http.keepAliveTimeout = 300_000;
push.installHandlers(http, { prefix: "/push" });
http.listen({ host, port, backlog: 4096 });
createInterface({ input: process.stdin }).on("line", (line) => {
  for (const client of clients) client.write(line);
});
