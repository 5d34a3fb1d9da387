// npm's eventsource on /sse: every id once, over a connection that is broken between and resumed by Last-Event-ID.
import assert from "node:assert/strict";
import { createServer, connect } from "node:net";
import { EventSource } from "eventsource";

const [host, port] = process.argv[2].split(":");
const timeout = setTimeout(() => { throw new Error("it takes too long"); }, 30_000);

// Between them, to break what the server does not.
let open = 0;
const between = createServer((client) => {
  open += 1;
  const server = connect(Number(port), host);
  client.pipe(server).pipe(client);
  for (const end of [client, server]) end.on("error", () => {}).on("close", () => { client.destroy(); server.destroy(); });
  if (open === 1) setTimeout(() => client.destroy(), 500);
});
await new Promise((resolve) => between.listen(0, "127.0.0.1", resolve));

const ids = [];
const source = new EventSource(`http://127.0.0.1:${between.address().port}/sse?after=0`);
await new Promise((resolve) => {
  source.onmessage = ({ data, lastEventId }) => {
    assert.equal(JSON.parse(data).seq, Number(lastEventId));
    ids.push(Number(lastEventId));
    if (open > 1 && ids.length >= 200) resolve();
  };
});
source.close();
assert.deepEqual(ids, ids.map((_, place) => place + 1));
console.log(`${ids.length} events without a gap over ${open} connections`);
between.close();
clearTimeout(timeout);
process.exit(0);
