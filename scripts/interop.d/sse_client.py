"""PyPI's httpx-sse on /sse: every id once, resumed by Last-Event-ID; and what is no cursor is refused with a status."""

import json
import sys

import httpx
import httpx_sse

SERVER = f"http://{sys.argv[1]}/sse"


def listen(client, count, params=None, last=None):
    headers = {} if last is None else {"last-event-id": str(last)}
    with httpx_sse.connect_sse(client, "GET", SERVER, params=params, headers=headers) as source:
        source.response.raise_for_status()
        ids = []
        for event in source.iter_sse():
            assert json.loads(event.data)["seq"] == int(event.id), event
            ids.append(int(event.id))
            if len(ids) == count:
                return ids


with httpx.Client(timeout=30, trust_env=False) as client:
    ids = listen(client, 100, params={"after": 0})
    ids += listen(client, 100, last=ids[-1])
    # What the browser had counts for more than what its address says.
    ids += listen(client, 50, params={"after": 0}, last=ids[-1])
    assert ids == list(range(1, 251)), ids
    for last, status in [("x", 400), ("99999999", 410)]:
        answer = client.get(SERVER, headers={"last-event-id": last})
        assert answer.status_code == status, (last, answer.status_code, answer.text)
print(f"{len(ids)} events without a gap over three connections, 400 and 410")
