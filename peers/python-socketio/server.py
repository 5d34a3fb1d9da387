"""server.py HOST PORT: every line on stdin is an event to every client."""

import asyncio
import sys

import socketio
from aiohttp import web


async def main(host, port):
    sio = socketio.AsyncServer(async_mode="aiohttp")
    app = web.Application()
    sio.attach(app)
    # aiohttp ends a kept connection after 75 idle seconds: a client would be counted as coming back.
    runner = web.AppRunner(app, access_log=None, keepalive_timeout=300)
    await runner.setup()
    await web.TCPSite(runner, host, port, backlog=4096).start()
    lines = asyncio.StreamReader()
    await asyncio.get_running_loop().connect_read_pipe(lambda: asyncio.StreamReaderProtocol(lines), sys.stdin)
    while line := await lines.readline():
        await sio.emit("update", line.decode().rstrip("\n"))
    # The feed is over; its clients are not.
    await asyncio.Event().wait()


asyncio.run(main(sys.argv[1], int(sys.argv[2])))
