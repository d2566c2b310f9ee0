#!/bin/sh
# mir-report as a command: its numbers against those that a program has counted itself, its files, and one line
# for what it cannot read.  Prints TAP.
#
# usage: test-report.sh MIR-REPORT TRACE-PROGRAM
set -u
. "$(dirname "$0")/../support/tap.sh"
report=$1 program=$2
trace=$work/run.trace

explain () {
  head -n 20 "$work/out" "$work/err"
}

mir_report () {
  "$report" "$@" >"$work/out" 2>"$work/err"
}

has_numbers () { # patterns: what is before, between and behind a name and its value
  while read -r name value; do
    grep -q "^$1$name$2$value$3\$" "$work/out" || echo "the program says $name $value"
  done <"$work/numbers" >>"$work/err"
  [ ! -s "$work/err" ]
}

refuses () { # name, pattern of the whole line, arguments...
  name=$1 pattern=$2
  shift 2
  mir_report "$@"
  [ $? = 1 ] && [ ! -s "$work/out" ] && [ "$(wc -l <"$work/err")" = 1 ] &&
    grep -qx "mir-report: $pattern" "$work/err"
  result $? "refuses $name"
}

"$program" "$trace" >"$work/numbers" || exit 1

mir_report --json "$trace" && has_numbers '  "' '": ' ','
result $? 'has the numbers of the program'
mir_report --stats "$trace" && has_numbers '' '  *' ''
result $? 'the numbers of --stats are the same'

mir_report "$trace" && [ -s "$trace.html" ] && [ ! -s "$work/out" ] && [ ! -s "$work/err" ]
result $? 'makes TRACE.html if no output is named'
[ "$(stat -c %a "$trace" "$trace.html" | uniq)" = 600 ]
result $? 'makes it as private as the trace'
echo victim >"$work/victim"
ln -sf victim "$trace.html"
mir_report "$trace" && [ "$(cat "$work/victim")" = victim ] && [ -f "$trace.html" ] && [ ! -h "$trace.html" ]
result $? 'replaces a link, and not what it leads to'
grep -q '<script>alert' "$trace.html"
[ $? = 1 ] && [ "$(grep -c '</script>' "$trace.html")" = 2 ]
result $? 'lets no name become markup'
! grep -Eq 'https?://|src=|@import|url\(' "$work/run.trace.html" ||
  [ "$(grep -Eo 'https?://[^"]*|src=|@import|url\(' "$trace.html" | sort -u)" = http://www.w3.org/2000/svg ]
result $? 'makes a page that loads nothing'

mir_report --folded "$work/folded" --chrome "$work/chrome" "$trace"
result $? 'writes several files at once'
made=$(sed -n 's/^made_bytes //p' "$work/numbers")
[ "$(awk '{ sum += $NF } END { print sum }' "$work/folded")" = "$made" ] &&
  grep -q '^worker 30000$' "$work/folded" &&
  grep -q '^parse .*;grow: ?ä ?\\n [0-9]*$' "$work/folded"
result $? 'has all bytes in the folded stacks'
mkfifo "$work/pipe"
cat "$work/pipe" >"$work/read" &
mir_report --folded "$work/pipe" "$trace" && wait $! && cmp "$work/read" "$work/folded"
result $? 'writes to a pipe that is named'
mir_report --folded /dev/stdout "$trace" && cmp "$work/out" "$work/folded" && [ -e /dev/stdout ]
result $? 'takes /dev/stdout for standard output'
if command -v python3 >/dev/null; then
  python3 - "$work/chrome" >"$work/out" 2>"$work/err" <<'END'
import json, sys
events = json.load(open(sys.argv[1], encoding="utf-8"))["traceEvents"]
kinds = [event["ph"] for event in events]
assert kinds.count("B") == kinds.count("E") == 3, kinds.count("B")
assert kinds.count("i") == 40
assert all(event["ts"] >= 0 for event in events if event["ph"] != "M")
most = max(e["args"]["bytes"] for e in events if e["ph"] == "C" and e["name"] == "live bytes")
numbers = dict(line.split() for line in open(sys.argv[1].replace("chrome", "numbers")))
assert most == int(numbers["peak_bytes"]), most
END
  result $? 'has scopes, code and the peak in the Chrome trace'
fi

refuses 'no arguments' 'no trace is named (see --help)'
refuses 'an unknown option' 'unknown option (see --help): --fast' --fast "$trace"
refuses 'two traces' 'only one trace can be read at a time (see --help)' "$trace" "$trace"
refuses 'an option without its file' '--html needs the name of a file (see --help)' "$trace" --html
refuses 'a trace which is not there' '.*/none: No such file or directory' "$work/none"
refuses 'a folder' '.*: not a regular file' "$work"
refuses 'another file' '.*numbers: byte 1: this is not a trace' "$work/numbers"
: >"$work/empty"
refuses 'an empty file' '.*empty: byte 0: the file ends here, before the trace does' "$work/empty"
head -c 5000 "$trace" >"$work/cut"
refuses 'a trace cut off' '.*cut: byte 5000: the file ends here, before the trace does' "$work/cut"
[ ! -e "$work/cut.html" ]
result $? 'makes no page of a trace cut off'
refuses 'a folder which is not there' '/nonexistent/page: No such file or directory' \
  --html /nonexistent/page "$trace"
if [ -e /dev/full ]; then
  refuses 'a full disk' '/dev/full: No space left on device' --html /dev/full "$trace"
fi
mir_report --partial --json "$work/cut" && grep -q '"complete": false' "$work/out"
result $? 'shows an incomplete trace with --partial'
"$program" "$trace" die
mir_report --json "$trace"
[ $? = 1 ] && mir_report --partial --json "$trace" && grep -q '"live_blocks": 30,' "$work/out"
result $? 'shows the trace of a program that died'
mir_report --help && [ ! -s "$work/err" ] && [ "$(wc -l <"$work/out")" -le 24 ]
result $? 'has its help on one screen'
[ -z "$(find "$work" -name '*.new*')" ]
result $? 'leaves nothing behind'

finish
