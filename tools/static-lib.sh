#!/bin/sh
# SPDX-License-Identifier: MIT
# static-lib.sh OUT LIBRARY...: one static library with one object in it, all
# of the given libraries, where only default-visible names can be seen. One
# object, so that the recorder's constructor is always linked.
set -eu
out=$1
shift
object=$out.d/sockeye.o
mkdir -p "$out.d"
trap 'rm -rf "$out.d"' EXIT
rm -f "$out"
ld -r -o "$object" --whole-archive "$@"
objcopy --localize-hidden "$object"
ar rcsD "$out" "$object"
