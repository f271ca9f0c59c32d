#!/usr/bin/python3
# SPDX-License-Identifier: MIT
"""The echo on asyncio's protocols, its faster half: asyncio-echo.py [udp]"""
import asyncio
import socket
import sys


class Stream(asyncio.Protocol):
    def connection_made(self, transport):
        self.transport = transport

    def data_received(self, data):
        self.transport.write(data)

    def pause_writing(self):
        self.transport.pause_reading()

    def resume_writing(self):
        self.transport.resume_reading()


class Datagrams(asyncio.DatagramProtocol):
    def connection_made(self, transport):
        self.transport = transport

    def datagram_received(self, data, addr):
        self.transport.sendto(data, addr)


async def main():
    loop = asyncio.get_running_loop()
    if sys.argv[1:] == ["udp"]:
        transport, _ = await loop.create_datagram_endpoint(Datagrams, local_addr=("127.0.0.1", 0))
        sock = transport.get_extra_info("socket")
        sock.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 4 << 20)
        print(f"listening udp://127.0.0.1:{sock.getsockname()[1]} echo", flush=True)
    else:
        server = await loop.create_server(Stream, "127.0.0.1", 0, backlog=4096)
        print(f"listening tcp://127.0.0.1:{server.sockets[0].getsockname()[1]} echo", flush=True)
    await asyncio.Event().wait()


asyncio.run(main())
