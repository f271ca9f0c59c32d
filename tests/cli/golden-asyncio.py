# SPDX-License-Identifier: MIT
"""A server on asyncio. It goes on for ever."""
import asyncio


async def answer(reader, writer):
    writer.write((await reader.read(100)).upper())
    await writer.drain()
    writer.close()


async def main():
    server = await asyncio.start_server(answer, "127.0.0.1", 9000)
    await server.serve_forever()


asyncio.run(main())
