#!/bin/sh
# Ends a program while its threads allocate, many times.  Arguments: DLL, leave.exe, CRT, how often.
set -eu
here=$(dirname "$0")
. "$here/../support/tap.sh"
dll=$1 program=$2 crt=$3 times=$4

# With the DLL in mode $1, $2 times, with status $3, by the way $4.
leaves () {
  i=0 bad=0
  while [ "$i" -lt "$2" ]; do
    i=$((i + 1)) code=0
    TEST_TIMEOUT=20 sh "$here/run.sh" "$dll" "$program" "$crt" "$1" ${4-} >"$work/out" 2>"$work/err" || code=$?
    if grep -q '^ok 1 .*# SKIP' "$work/out"; then
      sed 's/.*# SKIP //' "$work/out" | head -n 1
      exit 77
    fi
    [ "$code" != "$3" ] || continue
    bad=$((bad + 1))
    echo "run $i: status $code"
    cat "$work/out"
    tail -n 2 "$work/err"
  done
  echo "$bad of $2 runs went wrong"
  [ "$bad" = 0 ]
}

main_returns_with_the_dll_first () {
  leaves first "$times" 42
}

main_returns_with_the_dll_late () {
  leaves late "$times" 42
}

it_ends_by_quick_exit () {
  leaves first 3 42 quick
  leaves late 3 42 quick
}

it_ends_by_abort () {
  leaves first 3 3 abort
  leaves late 3 3 abort
}

for name in main_returns_with_the_dll_first main_returns_with_the_dll_late it_ends_by_quick_exit it_ends_by_abort; do
  run "$name"
done
finish
