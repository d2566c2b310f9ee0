#!/bin/sh
# The table of calls, line by line what Microsoft's own CRT answers.  Arguments: DLL, calls.exe, CRT, MODE,
# the expected table, and `exact` or `least`: whether sizes are kept exactly.
set -eu
here=$(dirname "$0")
dll=$1 program=$2 crt=$3 mode=$4 expected=$5 sizes=$6
out=$(mktemp -d)
trap 'rm -rf "$out"' EXIT

export CALLS_SIZES="$sizes"
[ "$sizes" = exact ] || export MIR_UCRT_EXACT_SIZE=0
# Without the DLL Wine's functions write past blocks.
[ "$crt $mode" != 'wine none' ] || export CALLS_CAREFUL=1
status=0
sh "$here/run.sh" "$dll" "$program" "$crt" "$mode" >"$out/table" 2>"$out/errors" || status=$?
if grep -q '^ok 1 .*# SKIP' "$out/table"; then
  cat "$out/table"
  exit 0
fi

name="answers_as_microsofts, $crt, $mode, $sizes"
# What the CRT's own functions, which the DLL leaves alone, answer in another way.
own=$here/calls-$crt.sed
[ -f "$own" ] || own=/dev/null
sed -f "$own" "$expected" >"$out/expected"
sed -f "$own" "$out/table" >"$out/found"
diff "$out/expected" "$out/found" | grep -a '^[<>]' >"$out/differences" || true
lines=$(wc -l <"$out/table")
different=$(wc -l <"$out/differences")
echo "# $lines calls, $different lines differ"
if [ "$crt $mode" = 'wine none' ]; then
  # Shows that the table tells runtimes apart, and that it ends.
  if [ "$status" = 0 ] && [ "$different" -gt 0 ]; then
    verdict=ok
  else
    verdict='not ok'
  fi
  name='wines_own_is_told_from_microsofts'
elif [ "$status" = 0 ] && [ "$different" = 0 ] && [ "$lines" -gt 0 ]; then
  verdict=ok
else
  verdict='not ok'
  echo "# status $status; < expected, > found:"
  head -n 60 "$out/differences" | sed 's/^/# /'
  tail -n 3 "$out/errors" | sed 's/^/# /'
fi
echo "$verdict 1 - $name"
echo 1..1
if [ "$verdict" = ok ]; then
  echo '# 1 passed, 0 failed, 0 skipped'
else
  echo '# 0 passed, 1 failed, 0 skipped'
  exit 1
fi
