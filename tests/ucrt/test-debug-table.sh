#!/bin/sh
# Compares the table of calls of the debug C runtime with and without the DLL, line by line.  Arguments: DLL,
# debug-table.exe, MODE.
set -eu
here=$(dirname "$0")
. "$here/../support/tap.sh"
dll=$1 program=$2 mode=$3

table () {
  sh "$here/run.sh" "$dll" "$program" wine "$1" >"$work/$1" 2>"$work/errors" || {
    echo "status $? in mode $1"
    return 1
  }
}

explain () {
  echo '< without the DLL, > with it:'
  head -n 60 "$work/differences"
  tail -n 3 "$work/errors"
}

: >"$work/differences"
status=0
table none && table "$mode" || status=1
if grep -q '^ok 1 .*# SKIP' "$work/none"; then
  cat "$work/none"
  exit 0
fi
# Where the two may differ.
allowed=$here/debug-allowed.sed
sed -f "$allowed" "$work/none" >"$work/expected"
sed -f "$allowed" "$work/$mode" >"$work/found"
diff "$work/expected" "$work/found" | grep -a '^[<>]' >"$work/differences" || true
lines=$(wc -l <"$work/$mode")
different=$(wc -l <"$work/differences")
echo "# $lines calls, $different lines differ, $(diff "$work/none" "$work/$mode" | grep -ac '^>') without allowances"
[ "$status" = 0 ] && [ "$different" = 0 ] && [ "$lines" -gt 5000 ] || status=1
result $status "answers_as_without_the_dll, $mode"
finish
