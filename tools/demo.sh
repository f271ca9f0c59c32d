#!/bin/sh
# SPDX-License-Identifier: MIT
# demo.sh FOLDER [NAME]: the lectures' conversations, each client against its
# server, on loopback. Nothing here waits for time to pass: a server is ready
# when its trace says so. The limit only ends what hangs.
set -eu

LIMIT=30
TYPED='hello, sockeye: straße'
# What is typed stands behind the prompt, where a person's terminal would show it.
SHOWN="s/^Input lowercase sentence:/&$TYPED\\nclient | /"

# Name, port, whether the server ends by itself, and what happens.
talks() {
	cat <<-END
	tcp-echo  65432 ends   a text comes back over TCP
	udp-echo  65432 stays  a text comes back over UDP
	tcp-upper 12000 stays  a line in capitals over TCP
	udp-upper 12000 stays  a line in capitals over UDP
	accept    1234  stays  a caller is announced, no more
	greet     1234  stays  the server greets its caller
	lab-echo  1234  stays  a message comes back
	tcp-hello 1337  ends   both sides speak first, over TCP
	udp-hello 1337  ends   both sides say hello, over UDP
	steps     1234  ends   socket, bind, listen, accept, send, recv, one by one
	END
}

# Go on when the server's trace has a line that matches; fail when it says that the port is taken.
await() {
	while read -r line <&3; do
		case $line in
		*'"EADDRINUSE"'*) return 1 ;;
		$1) return 0 ;;
		esac
	done
	return 1
}

# start [ADDRESS]: the server, on until it can be called.
start() {
	: >"$dir/trace"
	tail -n +1 -f "$dir/trace" >"$dir/lines" &
	tail=$!
	exec 3<"$dir/lines"
	sed -u 's/^/server | /' <"$dir/said" &
	talker=$!
	SOCKEYE_TRACE=$dir/trace SOCKEYE_TRACE_PAYLOAD=0 "$bin/$server" "$@" >"$dir/said" 2>&1 &
	pid=$!
	await "*\"call\":\"$opening\",\"phase\":\"return\"*"
}

# Where else a server may stand when its port is taken.
elsewhere() {
	echo "127.0.0.2:$port"
	for more in 1000 2000 3000 4000 5000; do
		[ $((port + more)) -lt 65536 ] || more=-$more
		echo "127.0.0.1:$((port + more))"
	done
}

stop() {
	for each in ${pid:-} ${tail:-}; do
		kill "$each" 2>/dev/null || :
	done
	wait 2>/dev/null
	pid= tail=
}

# A server that stays is done when it waits for its next caller.
settle() {
	case $ending in
	stays) await "*\"call\":\"$waiting*\",\"phase\":\"enter\"*"
		await "*\"call\":\"$waiting*\",\"phase\":\"enter\"*" ;;
	ends) wait "$pid" ;;
	esac
}

# talk NAME PORT ENDING ABOUT...: one conversation.
talk() {
	server=$1-server client=$1-client port=$2 ending=$3
	shift 3
	[ $server != accept-server ] || client=connect-client
	case $server in
	udp-*) opening=bind waiting=recv ;;
	*) opening=listen waiting=accept ;;
	esac
	dir=$(mktemp -d)
	trap 'stop; rm -rf "$dir"' EXIT
	trap 'echo "demo: $server: stopped" >&2; exit 1' HUP INT TERM
	mkfifo "$dir/lines" "$dir/said"

	printf '\n%s, %s: %s\n' "$server" "$client" "$*"
	set --
	for other in $(elsewhere) ''; do
		! start "$@" || break
		stop
		if [ -z "$other" ]; then
			echo "demo   | $1 is taken too: $server finds no place and is left out"
			return 1
		fi
		echo "demo   | ${1:-port $port} is taken; once more at $other"
		set -- "$other"
	done
	printf '%s\n' "$TYPED" | {
		"$bin/$client" "$@" 2>&1 || echo "exit code $?"
	} | sed -u "$SHOWN; s/^/client | /"
	settle
}

bin=$1
if [ $# -gt 3 ]; then
	shift
	talk "$@"
	exit
fi
talks | grep "^${2:-}" | {
	failed=0
	while read -r one; do
		# shellcheck disable=SC2086
		timeout --foreground $LIMIT "$0" "$bin" $one </dev/null || failed=1
	done
	exit $failed
}
