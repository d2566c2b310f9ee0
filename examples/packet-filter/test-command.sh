#!/bin/sh
# The command line with bad input: one line on standard error, nothing else, and exit status 1, or 2 for
# bad arguments.
#
# usage: test-command.sh PROGRAM CAPTURE FILTER MIR-REPORT
set -u
. "$(dirname "$0")/../../tests/support/tap.sh"
program=$1 capture=$2 filter=$3 report=$4

explain () {
  cat "$work/out" "$work/err"
}

packet_filter () {
  "$program" "$@" >"$work/out" 2>"$work/err"
}

refuses_with () { # status, name, pattern of the whole line, arguments...
  status=$1 name=$2 pattern=$3
  shift 3
  packet_filter "$@"
  [ $? = "$status" ] && [ ! -s "$work/out" ] && [ "$(wc -l <"$work/err")" = 1 ] &&
    grep -qx "packet-filter: $pattern" "$work/err"
  result $? "refuses $name"
}

refuses () {
  refuses_with 1 "$@"
}

refuses_arguments () {
  refuses_with 2 "$@"
}

refuses_filter () { # name, pattern after the file's name, printf format of the file
  printf "$3" >"$work/bad.bpf"
  refuses "$1" ".*/bad.bpf:$2" "$capture" "$filter" "$work/bad.bpf"
}

refuses_capture () { # name, pattern after the file's name; the capture is $work/bad.pcap
  refuses "$1" ".*/bad.pcap: $2" "$work/bad.pcap" "$filter"
}

refuses_arguments 'no arguments' 'name a capture and at least one filter, see --help'
refuses_arguments 'a capture alone' 'name a capture and at least one filter, see --help' "$capture"
refuses_arguments 'an unknown option' 'unknown option --fast, see --help' --fast "$capture" "$filter"
refuses_arguments 'a short option' 'unknown option -x, see --help' -x "$capture" "$filter"
refuses_arguments 'a trace without a name' '--trace needs a file' --trace -- "$capture" "$filter"
refuses_arguments 'a dash' 'unknown option -, see --help' - "$filter"
refuses 'a device as filter' '/dev/zero: not a regular file' "$capture" /dev/zero
mkfifo "$work/pipe"
refuses 'a pipe' '.*/pipe: not a regular file' "$work/pipe" "$filter"
refuses 'a path with a newline' '.*/a?b: No such file or directory' "$work/a
b" "$filter"
for number in 0 -1 x 1x '' 1000000001 99999999999999999999; do
  refuses_arguments "--packets '$number'" '--packets needs a number from 1 to 1000000000' \
    --packets "$number" "$capture" "$filter"
done
refuses_arguments '--rounds 26' '--rounds needs a number from 1 to 25' --rounds 26 "$capture" "$filter"
refuses_arguments '--swaps 0' '--swaps needs a number from 1 to 1000000' --swaps 0 "$capture" "$filter"
refuses_arguments '--rounds at the end' '--rounds needs a number from 1 to 25' --rounds

refuses 'a missing filter' '.*/none.bpf: No such file or directory' \
  "$capture" "$work/none.bpf"
refuses 'a directory as filter' '.*: not a regular file' "$capture" "$work"
refuses 'a capture as filter' \
  ".*:1: the number of instructions '.*' is not a decimal number" "$capture" "$capture"
refuses_filter 'an empty file' '1: the number of instructions is missing' ''
refuses_filter 'a comment alone' '2: the number of instructions is missing' '# tcp\n'
refuses_filter 'a number of 0' '1: a program has at least one instruction' '0\n'
refuses_filter 'a long program' '1: .* is too large, the limit is 4096' '4097\n'
refuses_filter 'a short file' '3: the file ends after 1 of 2 instructions' '2\n6 0 0 0\n'
refuses_filter 'a junk line' "2: the opcode 'junk' is not a decimal number" '1\njunk\n'
refuses_filter 'a negative number' "2: the constant '-1' is not a decimal number" '1\n6 0 0 -1\n'
refuses_filter 'a large number' '2: the constant .* is too large.*' '1\n6 0 0 4294967296\n'
refuses_filter 'text behind' "3: 'x' after the last of 1 instructions" '1\n6 0 0 0\nx\n'
refuses_filter 'an unknown opcode' '2: instruction 0: unknown opcode 255' '1\n255 0 0 0\n'
refuses_filter 'a far jump' '2: instruction 0: jump to 2 of 2 instructions' \
  '2\n5 0 0 1\n6 0 0 0\n'
refuses_filter 'a division by 0' '2: instruction 0: division by the constant 0' \
  '2\n52 0 0 0\n6 0 0 0\n'
refuses_filter 'no ret at the end' '2: instruction 0: the last instruction is not a ret' \
  '1\n0 0 0 0\n'
refuses_filter 'binary junk' "2: the opcode '.*' is not a decimal number" '1\n\033\001\377 0 0 0\n'

: >"$work/bad.pcap"
refuses_capture 'an empty capture' 'too short for a pcap file'
head -c 1000 "$filter" >"$work/bad.pcap"
refuses_capture 'a filter as capture' 'not a pcap file'
head -c 24 "$capture" >"$work/bad.pcap"
refuses_capture 'a capture without packets' 'no packets'
head -c 1000 "$capture" >"$work/bad.pcap"
refuses_capture 'a capture cut off' 'packet [0-9]*: the file ends .*'
printf '\n\r\r\nxxxxxxxxxxxxxxxxxxxxxxxxxxx' >"$work/bad.pcap"
refuses_capture 'pcapng' 'this is pcapng; .*'
refuses 'a missing capture' '.*/none.pcap: No such file or directory' \
  "$work/none.pcap" "$filter"

# Where nothing can be printed, arguments...: a closed stream would be the first file that is opened.
loses () {
  : >"$work/out"
  "$program" "$@" >/dev/full 2>"$work/err"
  [ $? = 1 ] && [ "$(cat "$work/err")" = 'packet-filter: standard output: No space left on device' ] &&
    "$program" "$@" >&- 2>"$work/err"
  [ $? = 1 ] && [ "$(cat "$work/err")" = 'packet-filter: standard output: Bad file descriptor' ] &&
    "$program" "$@" 2>&- >"$work/out"
  [ $? = 1 ] && [ ! -s "$work/out" ]
}
if [ -e /dev/full ]; then
  loses --packets 1 --rounds 1 --swaps 1 "$capture" "$filter"
  result $? 'notices that its output is lost'
  loses --help
  result $? 'notices that its help is lost'
fi

packet_filter --packets 10 --rounds 1 "$capture" "$filter" "$filter"
[ $? = 0 ] && [ ! -s "$work/err" ] &&
  tail -n 1 "$work/out" | grep -q '^all 10 packets x 2 filters: .* agree$'
result $? 'ends with a line about agreement'
! grep -q '.\{101\}' "$work/out"
result $? 'prints no line of more than 100 columns'
# exec keeps the process ID, which is in the name of the map.
sh -c 'echo $$ >"$0/pid"; exec "$@"' "$work" "$program" --tools --packets 10 --rounds 1 --swaps 1 \
  "$capture" "$filter" >"$work/out" 2>"$work/err"
status=$?
map=/tmp/perf-$(cat "$work/pid").map
if grep -qx 'packet-filter: perf or gdb: not available on this system.*' "$work/err"; then
  result 0 'reports where there are no tools'
else
  [ $status = 0 ] && grep -q "^[0-9a-f]* [0-9a-f]* $(basename "$filter" .bpf)\$" "$map"
  result $? 'tells perf the names of the filters'
  rm -f "$map"
fi
# The numbers of the trace are those that the allocator below it has counted.
packet_filter --trace "$work/run.trace" --packets 10 --rounds 1 --swaps 20 "$capture" "$filter"
set -- $(sed -n 's/^traced: \([0-9]*\) allocations, \([0-9]*\) bytes at the peak, \([0-9]*\) live .*/\1 \2 \3/p' "$work/out")
"$report" --json "$work/run.trace" >"$work/out" 2>"$work/err" && [ $# = 3 ] &&
  grep -q "\"made_blocks\": $1,\$" "$work/out" && grep -q "\"peak_bytes\": $2,\$" "$work/out" &&
  grep -q "\"live_bytes\": $3,\$" "$work/out" && grep -q '"strange": 0,' "$work/out"
result $? 'traces what it counts'
refuses_arguments 'both --tools and --trace' '--tools and --trace exclude each other, see --help' \
  --tools --trace "$work/run.trace" "$capture" "$filter"
# A trace replaces the file of its name.  What is there must stay if the run cannot be.
cp "$capture" "$work/d.pcap"
cp "$filter" "$work/a.bpf"
cp "$work/d.pcap" "$work/d.saved"
cp "$work/a.bpf" "$work/a.saved"
ln -s d.pcap "$work/link"
mkdir -p "$work/folder"
are_whole () {
  cmp "$work/d.pcap" "$work/d.saved" && cmp "$work/a.bpf" "$work/a.saved"
}
for trace in "$work/d.pcap" "$work/folder/../a.bpf" "$work/folder/../d.pcap" "$work/link"; do
  refuses "the trace $(basename "$trace") among the inputs" '.*: the trace would replace an input' \
    --trace "$trace" "$work/d.pcap" "$work/a.bpf"
  are_whole >"$work/out" 2>&1
  result $? 'and leaves the inputs alone'
done
printf 'mine\n' >"$work/mine.txt"
printf '1\n255 0 0 0\n' >"$work/bad.bpf"
printf 'no pcap\n' >"$work/bad.pcap"
is_mine () {
  [ "$(cat "$work/mine.txt")" = mine ]
}
refuses 'a missing capture to trace' '.*/none.pcap: No such file or directory' \
  --trace "$work/mine.txt" "$work/none.pcap" "$work/a.bpf" && is_mine
result $? 'and leaves the file of its name alone'
refuses 'a bad filter to trace' '.*bad.bpf:2: .*' --trace "$work/mine.txt" "$work/d.pcap" "$work/bad.bpf"
is_mine
result $? 'and leaves the file of its name alone'
refuses 'a bad capture to trace' '.*bad.pcap: .*' --trace "$work/new" "$work/bad.pcap" "$work/a.bpf"
[ ! -e "$work/new" ]
result $? 'and makes no trace'
refuses_arguments 'a trace without letters' '--trace needs a file' --trace '' "$capture" "$filter"
refuses 'a folder as trace' '.*/folder: the trace file.s name is taken by a folder, .*' \
  --trace "$work/folder" "$capture" "$filter"
# A file that cannot grow ends the trace; none of it stays.
(
  ulimit -f 8
  packet_filter --trace "$work/cut" --packets 10 --rounds 1 --swaps 20 "$capture" "$filter"
  [ $? = 1 ]
) && grep -qx 'packet-filter: .*/cut: the trace file could not be created or written' "$work/err" && [ ! -e "$work/cut" ]
result $? 'leaves no trace that is cut off'
refuses 'a trace in a missing folder' '/nonexistent/x: the trace file could not be .*' \
  --trace /nonexistent/x "$capture" "$filter"
packet_filter --packets 10 --rounds 1 --swaps 1 -- "$capture" "$filter" && [ ! -s "$work/err" ]
result $? 'takes -- for the end of the options'
packet_filter -h && cp "$work/out" "$work/short" && packet_filter --help && cmp -s "$work/short" "$work/out"
result $? 'has its help for -h, too'
packet_filter --help
[ $? = 0 ] && [ ! -s "$work/err" ] && [ "$(wc -l <"$work/out")" -le 24 ]
result $? 'has its help on one screen'

finish
