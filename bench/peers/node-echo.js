// SPDX-License-Identifier: MIT
// The echo in Node: a stream piped into itself, or with the argument "udp" each datagram sent back.
'use strict';
const dgram = require('dgram');
const net = require('net');

function streams() {
	const server = net.createServer(conn => {
		conn.on('error', () => conn.destroy());
		conn.pipe(conn);
	});
	server.listen({ port: 0, host: '127.0.0.1', backlog: 4096 }, () => {
		console.log(`listening tcp://127.0.0.1:${server.address().port} echo`);
	});
}

function datagrams() {
	const socket = dgram.createSocket({ type: 'udp4', recvBufferSize: 4 << 20 });
	socket.on('message', (bytes, from) => socket.send(bytes, from.port, from.address));
	socket.bind(0, '127.0.0.1', () => {
		console.log(`listening udp://127.0.0.1:${socket.address().port} echo`);
	});
}

(process.argv[2] === 'udp' ? datagrams : streams)();
