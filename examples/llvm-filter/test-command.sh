#!/bin/sh
# The program as it is used: counts that agree, under both managers and without the right to make memory executable,
# and bad input.
#
# usage: test-command.sh PROGRAM CAPTURE FILTER...
set -u
. "$(dirname "$0")/../../tests/support/tap.sh"
program=$1 capture=$2 filter=$3
shift 2
filters=$#

explain () {
  cat "$work/out" "$work/err"
}

llvm_filter () {
  "$program" "$@" >"$work/out" 2>"$work/err"
}

refuses_with () { # status, name, pattern of the whole line, arguments...
  wanted=$1 name=$2 pattern=$3
  shift 3
  llvm_filter "$@"
  [ $? = "$wanted" ] && [ ! -s "$work/out" ] && [ "$(wc -l <"$work/err")" = 1 ] &&
    grep -qx "llvm-filter: $pattern" "$work/err"
  result $? "refuses $name"
}

refuses () {
  refuses_with 1 "$@"
}

refuses_usage () { # the same without the hint
  name=$1 pattern=$2
  shift 2
  refuses_with 2 "$name" "$pattern (see --help)" "$@"
}

agrees () { # name, arguments...
  name=$1
  shift
  llvm_filter --packets 4037 "$@"
  [ $? = 0 ] && [ ! -s "$work/err" ] && grep -q '^0 of them astray; .*' "$work/out" &&
    tail -n 1 "$work/out" | grep -q "^all 4037 packets x $filters filters: interpreter.*, LLVM.* agree$"
  result $? "$name"
}

agrees 'all engines agree, and 2000 filters are replaced' --swaps 2000 "$capture" "$@"
sed -n '/^filter /,/^$/p' "$work/out" >"$work/counts"
agrees "all engines agree with LLVM's manager" --manager llvm --swaps 200 "$capture" "$@"
sed -n '/^filter /,/^$/p' "$work/out" | cmp -s - "$work/counts" && [ "$(wc -l <"$work/counts")" = $((filters + 2)) ]
result $? 'both managers have the same counts'

llvm_filter --mdwe --packets 1 --swaps 1 "$capture" "$filter"
if grep -q -- '--mdwe: ' "$work/err"; then
  skip 'all engines agree under PR_SET_MDWE' 'this system has no PR_SET_MDWE'
  skip "refuses LLVM's manager under PR_SET_MDWE" 'this system has no PR_SET_MDWE'
else
  agrees 'all engines agree under PR_SET_MDWE' --mdwe --swaps 500 "$capture" "$@"
  sed -n '/^filter /,/^$/p' "$work/out" | cmp -s - "$work/counts"
  result $? 'PR_SET_MDWE does not change a count'
  refuses "LLVM's manager under PR_SET_MDWE" '.*: Permission denied' --mdwe --manager llvm "$capture" "$filter"
fi

refuses_usage 'no arguments' 'name a capture and at least one filter'
refuses_usage 'a capture alone' 'name a capture and at least one filter' "$capture"
refuses_usage 'an unknown option' 'unknown option --fast' --fast "$capture" "$filter"
refuses_usage 'an unknown manager' '--manager is mir or llvm' --manager malloc "$capture" "$filter"
refuses_usage 'no manager' '--manager is mir or llvm' --manager
for number in 0 -1 x 1x '' 10000001 99999999999999999999; do
  refuses_usage "--swaps '$number'" '--swaps needs a number from 1 to 10000000' --swaps "$number" "$capture" "$filter"
done
refuses_usage '--packets at the end' '--packets needs a number from 1 to 1000000000' --packets
refuses 'a missing filter' '.*/none.bpf: No such file or directory' "$capture" "$work/none.bpf"
refuses 'a capture as filter' ".*:1: the number of instructions '.*' is not a decimal number" "$capture" "$capture"
printf '1\n0 0 0 0\n' >"$work/bad.bpf"
refuses 'a program without ret' '.*/bad.bpf:2: instruction 0: the last instruction is not a ret' \
  "$capture" "$work/bad.bpf"
refuses 'a filter as capture' '.*: not a pcap file' "$filter" "$filter"
if [ -e /dev/full ]; then
  "$program" --packets 1 --swaps 1 "$capture" "$filter" >/dev/full 2>"$work/err"
  [ $? = 1 ] && [ "$(wc -l <"$work/err")" = 1 ]
  result $? 'notices that its output is lost'
fi
llvm_filter --help
[ $? = 0 ] && [ ! -s "$work/err" ] && [ "$(wc -l <"$work/out")" -le 24 ] && ! grep -q '.\{101\}' "$work/out"
result $? 'has its help on one screen'

finish
