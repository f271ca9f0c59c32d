#!/bin/sh
# SPDX-License-Identifier: MIT
# demo-serve.sh SOCKEYE FOLDER: the lectures' clients once more, now all against
# one server, `sockeye serve`. It is ready when its lines have come, and done
# when TERM has let its clients finish.
set -eu

sockeye=$1 bin=$2
LIMIT=30 CONVERSATIONS=7
ADDRESSES='tcp://127.0.0.1:0 udp://127.0.0.1:0'
TYPED='hello, sockeye: straße'
SHOWN="s/^Input lowercase sentence:/&$TYPED\\nclient | /"

dir=$(mktemp -d)
pid=
stop() {
	[ -z "$pid" ] || kill "$pid" 2>/dev/null || :
	wait 2>/dev/null
	rm -rf "$dir"
}
trap stop EXIT
trap 'echo "demo: serve: stopped" >&2; exit 1' HUP INT TERM

# ask CLIENT PROTOCOL SERVICE: a client of the lectures at the address that the server told.
ask() {
	at=$(sed -n "s|^listening $2://\\([^ ]*\\) $3\$|\\1|p" "$dir/told")
	printf '%s\n' "$TYPED" | {
		timeout $LIMIT "$bin/$1" "$at" 2>&1 || echo "exit code $?"
	} | sed -u "$SHOWN; s/^/client | /"
}

cat <<-END

	sockeye serve: four services at seven addresses, one process, for all the clients above

END
mkfifo "$dir/lines"
# In the foreground timeout passes TERM on once; else it does so twice, and the second would end the drain.
# shellcheck disable=SC2086
timeout --foreground $LIMIT "$sockeye" serve -v echo $ADDRESSES -- upper $ADDRESSES -- hello $ADDRESSES -- \
	accept tcp://127.0.0.1:0 >"$dir/lines" 2>"$dir/log" &
pid=$!
head -n $CONVERSATIONS <"$dir/lines" | tee "$dir/told" | sed -u 's/^/server | /'

ask tcp-echo-client tcp echo
ask udp-echo-client udp echo
ask tcp-upper-client tcp upper
ask udp-upper-client udp upper
ask tcp-hello-client tcp hello
ask udp-hello-client udp hello
ask connect-client tcp accept

kill "$pid"
code=0
wait "$pid" || code=$?
pid=
sed 's/^/server | /' "$dir/log"
exit $code
