#!/bin/sh
# Two builds of the demo, for two systems, find the same packets.  Prints TAP.
#
# usage: test-counts.sh PROGRAM COMMAND
#   COMMAND runs the other build: a path, perhaps with an emulator in front
set -u
program=$1 command=$2
folder=$(dirname -- "$0")
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
tests=0 failed=0

result () { # status name, then what to show on failure
  tests=$((tests + 1))
  if [ "$1" = 0 ]; then echo "ok $tests - $2"; else
    failed=$((failed + 1))
    echo "not ok $tests - $2"
    printf '%s\n' "$3" | sed 's/^/# /'
  fi
}

# Of each filter: name, instructions, matches; from the table in file $1.
counts () {
  tr -d '\r' <"$1" | awk '
    $1 == "filter" { in_table = 1; next }
    in_table && (NF == 0 || $1 == "*") { exit }
    in_table { print $1, $2, $4 }'
}

set -- --packets 20000 --rounds 1 --swaps 20 "$folder/data/loopback.pcap" "$folder"/filters/*.bpf
"$program" "$@" >"$work/one" 2>&1
result $? 'one build runs, its engines agree' "$(cat "$work/one")"
$command "$@" >"$work/other" 2>&1
result $? 'the other build runs, its engines agree' "$(cat "$work/other")"
counts "$work/one" >"$work/counts"
counts "$work/other" >"$work/other-counts"
[ "$(wc -l <"$work/counts")" = "$(ls "$folder"/filters/*.bpf | wc -l)" ]
result $? 'every filter has its line' "$(cat "$work/one")"
while read -r name insns matches; do
  grep -qx "$name $insns $matches" "$work/other-counts"
  result $? "$name: $matches matches in both" "other: $(grep "^$name " "$work/other-counts")"
done <"$work/counts"
tr -d '\r' <"$work/other" | grep -q '^0 of them astray'
result $? 'no packet goes astray while filters are swapped' "$(cat "$work/other")"

echo "1..$tests"
echo "# $((tests - failed)) passed, $failed failed, 0 skipped"
[ $failed = 0 ]
