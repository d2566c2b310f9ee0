#!/bin/sh
# main returns while threads allocate, many times.  Arguments: DLL, leave.exe, CRT, how often.
set -eu
here=$(dirname "$0")
. "$here/tap.sh"
dll=$1 program=$2 crt=$3 times=$4

leaves () {
  i=0 bad=0
  while [ "$i" -lt "$times" ]; do
    i=$((i + 1)) code=0
    TEST_TIMEOUT=20 sh "$here/run.sh" "$dll" "$program" "$crt" "$1" >"$work/out" 2>"$work/err" || code=$?
    if grep -q '^ok 1 .*# SKIP' "$work/out"; then
      sed 's/.*# SKIP //' "$work/out" | head -n 1
      exit 77
    fi
    [ "$code" != 42 ] || continue
    bad=$((bad + 1))
    echo "run $i: status $code"
    cat "$work/out"
    tail -n 2 "$work/err"
  done
  echo "$bad of $times runs went wrong"
  [ "$bad" = 0 ]
}

with_the_dll_first () {
  leaves first
}

with_the_dll_late () {
  leaves late
}

run with_the_dll_first
run with_the_dll_late
finish
