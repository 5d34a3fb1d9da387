"""Starts a Socket.IO server, and beside the generator's clients python-socketio's own, over one transport.

    vendor.py TRANSPORT FILE COMMAND.. HOST PORT     FILE: the numbers of the updates that it got, written as it is ended
"""

import asyncio
import json
import os
import re
import signal
import sys

import socketio

# The stamp (protocol/src/stamp.rs): its first number is the update's.
STAMP = re.compile(r"zpbz([0-9a-v]{13})y")


async def main(transport, file, *command):
    host, port = command[-2:]
    server = await asyncio.create_subprocess_exec(*command)
    seqs = []
    client = socketio.AsyncClient(reconnection=False)
    client.on("update", lambda line: seqs.extend(int(seq, 32) for seq in STAMP.findall(line)))
    ended = asyncio.create_task(server.wait())
    # What ends this ends the server, too; and then this ends.
    asyncio.get_running_loop().add_signal_handler(signal.SIGTERM, lambda: ended.done() or server.terminate())
    while not ended.done():
        try:
            await client.connect(f"http://{host}:{port}", transports=["polling" if transport == "long-poll" else transport])
            break
        except socketio.exceptions.ConnectionError:
            # As soon as somebody listens.
            await asyncio.sleep(0.02)
    await ended
    with open(file, "w") as out:
        json.dump(seqs, out)
    # Whatever the client still does about that.
    os._exit(0)


asyncio.run(main(*sys.argv[1:]))
