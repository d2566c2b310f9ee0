#!/bin/sh
# Compares the table of calls line by line with the answers of Microsoft's own CRT.  Arguments: DLL, calls.exe, CRT,
# MODE, the expected table, and `exact` or `least`: whether the DLL keeps exact sizes.
set -eu
here=$(dirname "$0")
. "$here/../support/tap.sh"
dll=$1 program=$2 crt=$3 mode=$4 expected=$5 sizes=$6

export CALLS_SIZES="$sizes"
# Without the DLL Wine's functions write past blocks.
[ "$crt $mode" != 'wine none' ] || export CALLS_CAREFUL=1
status=0
sh "$here/run.sh" "$dll" "$program" "$crt" "$mode" >"$work/table" 2>"$work/errors" || status=$?
if grep -q '^ok 1 .*# SKIP' "$work/table"; then
  cat "$work/table"
  exit 0
fi

# Removes what the CRT's own functions, which the DLL leaves alone, answer differently.
own=$here/calls-$crt.sed
[ -f "$own" ] || own=/dev/null
sed -f "$own" "$expected" >"$work/expected"
sed -f "$own" "$work/table" >"$work/found"
# Without the DLL Microsoft's CRT takes its blocks from Wine's heap, whose sizes of shrunk blocks are wrong in Wine 10.
wine=$($UCRT_WINE --version 2>/dev/null | sed -n 's/^wine-\([0-9]*\).*/\1/p')
if [ "$crt $mode" = 'microsoft none' ] && [ "${wine:-0}" -gt 8 ]; then
  echo "# the heap of Wine $wine reports sizes of its own: not compared"
  sed -i 's/: block whose size is .*/: block/; s/^\(_expand .*\): of a wrong size$/\1: in place/' "$work/found"
fi
diff "$work/expected" "$work/found" | grep -a '^[<>]' >"$work/differences" || true
lines=$(wc -l <"$work/table")
different=$(wc -l <"$work/differences")
echo "# $lines calls, $different lines differ"

explain () {
  echo "status $status; < expected, > found:"
  head -n 60 "$work/differences"
  tail -n 3 "$work/errors"
}

wrong=0
if [ "$crt $mode" = 'wine none' ]; then
  # This shows that the table tells runtimes apart, and that the program ends.
  [ "$status" = 0 ] && [ "$different" -gt 0 ] || wrong=1
  result $wrong wines_own_is_told_from_microsofts
else
  [ "$status" = 0 ] && [ "$different" = 0 ] && [ "$lines" -gt 0 ] || wrong=1
  result $wrong "answers_as_microsofts, $crt, $mode, $sizes"
fi
finish
