#!/bin/sh
# Count the instructions and the L1 misses of freeing and of replacing code, by callgrind, which simulates the CPU's
# first-level caches: 32 KiB each, 8 lines a set.  What the loop and the calls cost is subtracted.  With SUFFIX, the
# end of the subjects' names, only this library's are counted.
#
# usage: instructions.sh PROGRAM CSV [SUFFIX]
set -eu
program=$1 csv=$2 suffix=${3-}
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT

# Print the instructions, the L1 read misses and the L1 write misses of one operation of job $1 by way $2.
count () {
  valgrind --tool=callgrind --callgrind-out-file="$work/out" --instr-atstart=no --cache-sim=yes \
    --I1=32768,8,64 --D1=32768,8,64 --LL=33554432,16,64 "$program" "$1" "$2" >"$work/ops" 2>"$work/log" || {
    cat "$work/log" >&2
    exit 1
  }
  awk -v ops="$(cat "$work/ops")" '
    /^events:/ { for (i = 2; i <= NF; i++) place[$i] = i }
    /^totals:/ { print $place["Ir"] / ops, ($place["I1mr"] + $place["D1mr"]) / ops, $place["D1mw"] / ops }
    ' "$work/out"
}

# The same without what the job costs by a way that does nothing.
count_net () {
  [ -f "$work/nothing-$1" ] || count "$1" nothing >"$work/nothing-$1"
  echo "$(count "$1" "$2") $(cat "$work/nothing-$1")" | awk '{ print $1 - $4, $2 - $5, $3 - $6 }'
}

# Print and store a row: SUBJECT SIDE UNIT VALUE.
row () {
  printf '  %-38s %12.3f %s\n' "$2" "$4" "$3"
  echo "${program##*/},\"$1\",\"$2\",$3,$4,,,,,," >>"$csv"
}

free="a free in random order$suffix" pair="free and publish, 50000 live$suffix"
asmjit='asmjit RWX, 3 pools' slots='slots of 1 KiB, data memory' ours=MIR_code_publish

echo "instructions and L1 misses of $free"
for way in "asmjit RWX" "$asmjit" "$ours"; do
  [ -z "$suffix" ] || [ "$way" = "$ours" ] || continue
  set -- $(count_net free "$way")
  row "instructions of $free" "$way" instructions "$1"
  row "L1 misses of $free" "$way" misses "$(echo "$2 $3" | awk '{ print $1 + $2 }')"
done
echo "instructions and L1 misses of $pair"
for way in "$slots" "$asmjit" "$ours"; do
  [ -z "$suffix" ] || [ "$way" = "$ours" ] || continue
  set -- $(count_net pair "$way")
  row "instructions of $pair" "$way" instructions "$1"
  row "L1 read misses of $pair" "$way" misses "$2"
  row "L1 write misses of $pair" "$way" misses "$3"
done
