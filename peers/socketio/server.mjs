// node server.mjs HOST PORT: every line on stdin is an event to every client; what a client says goes to everybody, itself included
// (as etherpad's chat).
import { createServer } from "node:http";
import { createInterface } from "node:readline";
import { Server } from "socket.io";

const [host, port] = process.argv.slice(2);
const http = createServer();
// Node ends a kept connection after 5 idle seconds: a client would be counted as coming back.
http.keepAliveTimeout = 300_000;
const io = new Server(http, { serveClient: false });
io.on("connection", (client) => client.on("say", (line) => io.emit("update", line)));
http.listen({ host, port, backlog: 4096 });
createInterface({ input: process.stdin }).on("line", (line) => io.emit("update", line));
