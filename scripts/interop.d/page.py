"""A page of another origin in a real browser: WebSocket, EventSource and fetch (CORS) beside each other, and one that is not allowed in."""

import http.server
import json
import subprocess
import sys
import tempfile
import threading

SERVER, CHROMIUM, ORIGIN_PORT = sys.argv[1], sys.argv[2], int(sys.argv[3])

PAGE = """<!doctype html><title>interop</title><script>
const server = "%s";
const report = (verdict) => fetch("/verdict", { method: "POST", body: JSON.stringify(verdict) });
const consecutive = (seqs) => seqs.every((seq, place) => place === 0 || seq === seqs[place - 1] + 1);
async function poll() {
  const seqs = [];
  let cursor = 0;
  while (seqs.length < 100) {
    const answer = await fetch(`http://${server}/poll?after=${cursor}`);
    if (answer.status !== 200) throw new Error(`poll: ${answer.status}`);
    for (const line of (await answer.text()).trim().split("\\n")) seqs.push(JSON.parse(line).seq);
    cursor = seqs[seqs.length - 1];
  }
  const empty = await fetch(`http://${server}/poll?wait_ms=0`);
  const ack = await (await fetch(`http://${server}/send`, { method: "POST", body: '{"id":7,"data":1}' })).json();
  return { updates: seqs.length, gapless: consecutive(seqs), cursor: empty.headers.get("pushbench-cursor") !== null, ack: ack.id };
}
const websocket = () => new Promise((resolve, reject) => {
  const socket = new WebSocket(`ws://${server}/ws?after=0`, ["pushbench.v1"]);
  const seqs = [];
  let ack = null;
  socket.onopen = () => socket.send('{"id":8,"data":1}');
  socket.onmessage = (event) => {
    const message = JSON.parse(event.data);
    if (message.seq) seqs.push(message.seq); else ack = message.id;
    if (seqs.length >= 100 && ack !== null) socket.close(1000);
  };
  socket.onclose = (event) => resolve(
    { updates: seqs.length, gapless: consecutive(seqs), ack, protocol: socket.protocol, code: event.code });
});
const events = () => new Promise((resolve, reject) => {
  const source = new EventSource(`http://${server}/sse?after=0`);
  const seqs = [];
  source.onmessage = ({ data, lastEventId }) => {
    seqs.push(JSON.parse(data).seq);
    if (seqs.length < 100) return;
    source.close();
    resolve({ updates: seqs.length, gapless: consecutive(seqs), last: lastEventId === String(seqs.at(-1)) });
  };
  source.onerror = () => reject(new Error(`events: state ${source.readyState}`));
});
Promise.all([websocket(), poll(), events()]).then(
  ([websocket, poll, events]) => report({ websocket, poll, events }), (error) => report({ error: String(error) }));
</script>""" % SERVER

verdict, told = {}, threading.Event()


class Handler(http.server.BaseHTTPRequestHandler):
    def do_GET(self):
        self.answer(PAGE.encode() if self.path == "/" else b"", "text/html")

    def do_POST(self):
        verdict.update(json.loads(self.rfile.read(int(self.headers["content-length"]))))
        self.answer(b"", "text/plain")
        told.set()

    def answer(self, body, kind):
        self.send_response(200)
        self.send_header("content-type", kind)
        self.send_header("content-length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)

    def log_message(self, *_):
        pass


def visit(page):
    """Opens the page in a browser of its own, and gives what it reports."""
    told.clear()
    verdict.clear()
    with tempfile.TemporaryDirectory(ignore_cleanup_errors=True) as profile:
        flags = ["--headless", "--no-sandbox", "--disable-gpu", "--disable-background-networking"]
        # Kept open by the debugging port; ended here once the page has spoken.
        browser = subprocess.Popen(
            [CHROMIUM, *flags, f"--user-data-dir={profile}", "--remote-debugging-port=0", page],
            stdout=subprocess.DEVNULL,
            stderr=subprocess.DEVNULL,
        )
        try:
            assert told.wait(60), "the page said nothing"
        finally:
            browser.terminate()
            browser.wait()
    return dict(verdict)


httpd = http.server.ThreadingHTTPServer(("127.0.0.1", ORIGIN_PORT), Handler)
threading.Thread(target=httpd.serve_forever, daemon=True).start()
said = visit(f"http://127.0.0.1:{ORIGIN_PORT}/")
print(json.dumps(said))
assert "error" not in said, said
for transport in ("websocket", "poll", "events"):
    assert said[transport]["updates"] >= 100 and said[transport]["gapless"], said
assert (said["websocket"]["code"], said["websocket"]["protocol"], said["websocket"]["ack"]) == (1000, "pushbench.v1", 8)
assert said["events"]["last"], said
assert said["poll"]["cursor"] and said["poll"]["ack"] == 7, said
# The same page by another name is of another origin, which is not on the list.
refused = visit(f"http://localhost:{ORIGIN_PORT}/")
assert "error" in refused, refused
print(f"a page that is not allowed: {refused['error']}")
