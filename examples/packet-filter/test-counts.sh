#!/bin/sh
# Two builds of the demo, for two systems, match the same packets.  Prints TAP.
#
# usage: test-counts.sh PROGRAM COMMAND
#   COMMAND runs the other build: a path, perhaps with an emulator in front
set -u
. "$(dirname "$0")/../../tests/support/tap.sh"
program=$1 command=$2
folder=$(dirname -- "$0")

explain () {
  cat "$work/one" "$work/other" 2>/dev/null
}

# The name, instructions and matches of each filter, from the table in the file $1.
counts () {
  tr -d '\r' <"$1" | awk '
    $1 == "filter" { in_table = 1; next }
    in_table && (NF == 0 || $1 == "*") { exit }
    in_table { print $1, $2, $4 }'
}

set -- --packets 20000 --rounds 1 --swaps 20 "$folder/data/loopback.pcap" "$folder"/filters/*.bpf
"$program" "$@" >"$work/one" 2>&1
result $? 'the engines of one build agree'
$command "$@" >"$work/other" 2>&1
result $? 'the engines of the other build agree'
counts "$work/one" >"$work/counts"
counts "$work/other" >"$work/other-counts"
[ "$(wc -l <"$work/counts")" = "$(ls "$folder"/filters/*.bpf | wc -l)" ]
result $? 'every filter has its line'
while read -r name insns matches; do
  grep -qx "$name $insns $matches" "$work/other-counts"
  result $? "$name: $matches matches in both"
done <"$work/counts"
tr -d '\r' <"$work/other" | grep -q '^0 of them astray'
result $? 'no packet goes astray while filters are swapped'

finish
