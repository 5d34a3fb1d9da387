"""Python's websockets on /ws: the subprotocol, updates without a gap, a pong, a signal."""

import asyncio
import json
import sys

import websockets


async def main():
    async with websockets.connect(f"ws://{sys.argv[1]}/ws", subprotocols=["pushbench.v1"]) as socket:
        assert socket.subprotocol == "pushbench.v1"
        # Before a replay would fill the client's queue, behind which it reads no pong.
        await (await socket.ping())
        await socket.send('{"id":7,"data":"hello"}')
        seqs, ack = [], None
        while ack is None or len(seqs) < 100:
            message = json.loads(await socket.recv())
            if "seq" in message:
                seqs.append(message["seq"])
            else:
                ack = message
        assert seqs == list(range(seqs[0], seqs[0] + len(seqs))) and ack["id"] == 7, (seqs, ack)
        print(f"{len(seqs)} updates without a gap, pong, acknowledged: {ack}")


asyncio.run(asyncio.wait_for(main(), 30))
