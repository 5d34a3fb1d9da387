// node server.mjs HOST PORT: every line on stdin is published to /updates.
import { createServer } from "node:http";
import { createInterface } from "node:readline";
import faye from "faye";

const [host, port] = process.argv.slice(2);
const bayeux = new faye.NodeAdapter({ mount: "/bayeux", timeout: 45 });
const http = createServer();
// Node ends a kept connection after 5 idle seconds: a client would be counted as coming back.
http.keepAliveTimeout = 300_000;
bayeux.attach(http);
http.listen({ host, port, backlog: 4096 });
const publisher = bayeux.getClient();
createInterface({ input: process.stdin }).on("line", (line) => publisher.publish("/updates", JSON.parse(line)));
