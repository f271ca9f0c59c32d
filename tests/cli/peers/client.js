// SPDX-License-Identifier: MIT
// Copy stdin to a socket and its answer to stdout: client.js HOST PORT, or client.js PATH.
const net = require("net");
const [host, port] = process.argv.slice(2);
const socket = port ? net.connect(Number(port), host) : net.connect(host);

process.stdin.pipe(socket);
socket.pipe(process.stdout);
socket.on("error", (error) => {
	console.error(error.message);
	process.exitCode = 1;
});
