// SPDX-License-Identifier: MIT
// Say all of stdin and the end, write all that comes to stdout: ends.js call|listen half|whole HOST PORT.
// "whole" is Node's own way: the peer's end is ours too, once what we have said has gone out.
const fs = require("fs");
const net = require("net");
const [role, half, host, port] = process.argv.slice(2);
const options = { allowHalfOpen: half === "half" };

function talk(socket) {
	if (options.allowHalfOpen)
		process.stdin.pipe(socket);
	else
		socket.end(fs.readFileSync(0));
	socket.pipe(process.stdout);
	socket.on("error", (error) => {
		console.error(error.message);
		process.exitCode = 1;
	});
}

if (role === "call") {
	const socket = net.connect({ host, port, ...options }, () => talk(socket));
} else {
	const server = net.createServer(options, (socket) => {
		server.close();
		talk(socket);
	});
	server.listen(port, host);
}
