"""A strict HTTP/1.1 client (h11: whatever breaks RFC 9112 is an error) on every path, with kept-alive connections."""

import json
import socket
import sys

import h11

HOST, PORT = sys.argv[1].rsplit(":", 1)


class Client:
    def __init__(self):
        self.socket = socket.create_connection((HOST, int(PORT)), timeout=30)
        self.connection = h11.Connection(h11.CLIENT)

    def ask(self, method, target, body=b""):
        """One exchange: the answer's status, its headers and its body."""
        length = [("content-length", str(len(body)))] if body else []
        request = h11.Request(method=method, target=target, headers=[("host", HOST), *length])
        self.socket.sendall(self.connection.send(request))
        if body:
            self.socket.sendall(self.connection.send(h11.Data(data=body)))
        self.socket.sendall(self.connection.send(h11.EndOfMessage()))
        status, head, data = None, {}, b""
        while True:
            event = self.connection.next_event()
            if event is h11.NEED_DATA:
                self.connection.receive_data(self.socket.recv(65536))
            elif isinstance(event, h11.Response):
                status, head = event.status_code, {name.decode(): value.decode() for name, value in event.headers}
            elif isinstance(event, h11.Data):
                data += bytes(event.data)
            elif isinstance(event, h11.EndOfMessage):
                if self.connection.our_state is h11.DONE and self.connection.their_state is h11.DONE:
                    self.connection.start_next_cycle()
                return status, head, data
            else:
                raise AssertionError(event)


def main():
    client = Client()
    cursor, seqs = 0, []
    while len(seqs) < 200:
        status, head, data = client.ask("GET", f"/poll?after={cursor}")
        assert status == 200 and head["content-type"] == "application/x-ndjson", (status, head)
        lines = [json.loads(line) for line in data.splitlines()]
        seqs += [line["seq"] for line in lines]
        cursor = seqs[-1]
    assert seqs == list(range(1, len(seqs) + 1)), seqs
    exchanges = 0
    for method, target, body, expected in [
        ("GET", "/poll?wait_ms=0", b"", 204),
        ("GET", "/poll?after=99999999", b"", 410),
        ("GET", "/poll?after=x", b"", 400),
        ("GET", "/nowhere", b"", 404),
        ("GET", "/poll?user=" + "x" * 3000, b"", 414),
        ("GET", "/ws", b"", 426),
        ("POST", "/poll", b"", 405),
        ("HEAD", "/metrics", b"", 200),
        ("HEAD", "/healthz", b"", 200),
        ("GET", "/metrics", b"", 200),
        ("POST", "/send", b'{"id":7,"data":[]}', 200),
        ("POST", "/send", b"nonsense", 400),
        ("GET", "/poll?after=0", b"", 200),
    ]:
        status, head, data = client.ask(method, target, body)
        assert status == expected, (method, target, status, data)
        # RFC 9110, sections 8.6, 15.3.5 and 15.5.6.
        assert status != 204 or ("content-length" not in head and not data), head
        assert status != 405 or head["allow"] == "GET", head
        assert method != "HEAD" or not data
        exchanges += 1
    print(f"{len(seqs)} updates without a gap, {exchanges} exchanges as the RFCs have them")


main()
