#!/bin/sh
# SPDX-License-Identifier: MIT
# Builds the peers into a folder: build.sh DIRECTORY. One that cannot be built
# is left out, and the file `missing` there says why; that is no failure. What
# is newer than its source is left as it is.
set -u
PATH=/usr/bin:/bin              # Debian's own compilers, and no others
here=$(cd "$(dirname "$0")" && pwd)
mkdir -p "$1"
cd "$1" || exit 1
: >missing

# make PROGRAM SOURCE PACKAGES TOOL COMMAND...: run the command, if there is the tool and need.
make() {
	program=$1 source=$here/$2 packages=$3 tool=$4
	shift 4
	[ "$program" -nt "$source" ] && return 0
	rm -f "$program"
	if ! command -v "$tool" >/dev/null; then
		echo "$program: needs Debian's $packages" >>missing
	elif ! "$@" >"$program.log" 2>&1; then
		echo "$program: does not build, see $PWD/$program.log; needs Debian's $packages" >>missing
	fi
}

# c PROGRAM LIBRARY PACKAGE
c() {
	make "$1" "$1.c" "$3" gcc gcc -O2 -D_GNU_SOURCE "$here/$1.c" "-l$2" -o "$1"
}

# Debian's crates are sources in a folder, and cargo shall look nowhere else.
tokio() (
	mkdir -p tokio/.cargo && cd tokio || exit 1
	cat >.cargo/config.toml <<-END
	[source.crates-io]
	replace-with = "debian"
	[source.debian]
	directory = "/usr/share/cargo/registry"
	END
	cat >Cargo.toml <<-END
	[package]
	name = "tokio-echo"
	version = "0.0.0"
	edition = "2021"
	[[bin]]
	name = "tokio-echo"
	path = "$here/tokio-echo.rs"
	[dependencies]
	tokio = { version = "1", features = ["io-util", "net", "rt-multi-thread"] }
	END
	CARGO_HOME=$PWD/home cargo build --release --offline && cp target/release/tokio-echo ..
)

c uv-echo uv libuv1-dev
c uv-udp uv libuv1-dev
c event-echo event libevent-dev
c ev-echo ev libev-dev
make asio-echo asio-echo.cpp 'g++ libasio-dev' g++ \
	g++ -O2 "$here/asio-echo.cpp" -o asio-echo
make go-echo go-echo.go golang-go go \
	env GO111MODULE=off GOCACHE="$PWD/go-cache" go build -o go-echo "$here/go-echo.go"
make tokio-echo tokio-echo.rs 'cargo librust-tokio-dev' cargo tokio
exit 0
