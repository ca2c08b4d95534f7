"""A WebSocket client with the library `websockets`: sends each line of its input as a frame, and prints each frame."""

import asyncio
import sys

from websockets.asyncio.client import connect


async def send_lines(socket):
    reader = asyncio.StreamReader()
    await asyncio.get_running_loop().connect_read_pipe(lambda: asyncio.StreamReaderProtocol(reader), sys.stdin)
    async for line in reader:
        await socket.send(line.decode().rstrip("\n"))
    await socket.close()


async def main(url, *protocols):
    async with connect(url, subprotocols=protocols or None) as socket:
        sending = asyncio.create_task(send_lines(socket))
        async for frame in socket:
            print(frame, flush=True)
        await sending


asyncio.run(main(*sys.argv[1:]))
