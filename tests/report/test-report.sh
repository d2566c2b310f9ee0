#!/bin/sh
# mir-report as a command: its numbers against those that a program has counted itself, its files, and one line
# for what it cannot read.  Prints TAP.
#
# usage: test-report.sh MIR-REPORT TRACE-PROGRAM VERSION MAN-PAGE
set -u
. "$(dirname "$0")/../support/tap.sh"
. "$(dirname "$0")/../support/man-page.sh"
report=$(realpath "$1") program=$(realpath "$2") version=$3 page=$(realpath "$4")
trace=$work/run.trace
cd "$work" || exit 1

explain () {
  head -n 20 "$work/out" "$work/err"
}

mir_report () {
  "$report" "$@" >"$work/out" 2>"$work/err"
}

# Succeed if the command has said nothing but that it has written the file $1.
says_written () {
  [ "$(cat "$work/out")" = "wrote $1" ] && [ ! -s "$work/err" ]
}

has_numbers () { # patterns: what is before, between and behind a name and its value
  while read -r name value; do
    grep -q "^$1$name$2$value$3\$" "$work/out" || echo "the program says $name $value"
  done <"$work/numbers" >>"$work/err"
  [ ! -s "$work/err" ]
}

# Succeed if the command has ended with the status $1 and one line that matches $2.
has_failed () {
  [ "$status" = "$1" ] && [ "$(wc -l <"$work/err")" = 1 ] && grep -qx "mir-report: $2" "$work/err"
}

refuses () { # name, status, pattern of the whole line, arguments...
  name=$1 expected=$2 pattern=$3
  shift 3
  mir_report "$@"
  status=$?
  has_failed "$expected" "$pattern" && [ ! -s "$work/out" ]
  result $? "refuses $name"
}

"$program" "$trace" >"$work/numbers" || exit 1
"$program" "$work/older" >/dev/null || exit 1
cp "$trace" "$work/original"

# ---------------- Numbers and the page

mir_report --json "$trace" && has_numbers '  "' '": ' ','
result $? 'has the numbers of the program'
cp "$work/out" "$work/json"
mir_report --stats "$trace" && has_numbers '' '  *' ''
result $? 'the numbers of --stats are the same'

mir_report "$trace" && [ -s "$trace.html" ] && says_written "$trace.html"
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

# ---------------- Outputs

mir_report --folded="$work/folded" "$trace" && says_written "$work/folded"
result $? 'says which file it has written'
made=$(sed -n 's/^made_bytes //p' "$work/numbers")
[ "$(awk '{ sum += $NF } END { print sum }' "$work/folded")" = "$made" ] &&
  grep -q '^worker 30000$' "$work/folded" &&
  grep -q '^parse .*;grow: ?ä ?\\n [0-9]*$' "$work/folded"
result $? 'has all bytes in the folded stacks'
for format in html folded chrome; do
  mir_report "--$format" "$work/apart" "$trace" && says_written "$work/apart" &&
    mir_report "--$format=$work/joined" "$trace" && says_written "$work/joined" &&
    mir_report "--$format=-" "$trace" && [ ! -s "$work/err" ] &&
    cmp "$work/apart" "$work/joined" && cmp "$work/joined" "$work/out"
  result $? "takes --$format FILE, --$format=FILE and --$format=- alike"
done
mir_report --html="$work/apart" "$trace" && cmp "$work/apart" "$trace.html"
result $? 'makes the same page where it is named'
mkfifo "$work/pipe"
cat "$work/pipe" >"$work/read" &
mir_report --folded "$work/pipe" "$trace" && says_written "$work/pipe" && wait $! && cmp "$work/read" "$work/folded"
result $? 'writes to a pipe that is named'
for name in /dev/stdout /dev/fd/1 /proc/self/fd/1; do
  "$report" --folded="$name" "$trace" 2>"$work/err" | cat >"$work/out"
  [ ! -s "$work/err" ] && cmp "$work/out" "$work/folded" && [ -e /dev/stdout ]
  result $? "writes nothing but the output to $name"
done
mir_report --chrome="$work/chrome" "$trace"
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

# ---------------- Standard input

for format in --json --stats --folded=- --chrome=- --html=-; do
  "$report" "$format" "$trace" >"$work/expected" 2>/dev/null
  cat "$trace" | mir_report "$format" - && [ ! -s "$work/err" ] && cmp "$work/out" "$work/expected"
  result $? "reads standard input with $format"
done
cat "$trace" | mir_report - && cmp "$work/out" "$trace.html" && [ ! -e ./-.html ] && [ ! -e ./- ]
result $? 'writes the page of standard input to standard output'
cat "$trace" | mir_report --html="$work/apart" - && says_written "$work/apart" && cmp "$work/apart" "$trace.html" &&
  [ "$(stat -c %a "$work/apart")" = 600 ]
result $? 'makes the page of standard input its owner'"'s alone"
mir_report --json - <"$trace" && cmp "$work/out" "$work/json"
result $? 'reads standard input that is a file'
head -c 5000 "$trace" | mir_report --json -
status=$?
has_failed 1 'standard input: byte 5000: the file ends here, before the trace does'
result $? 'names standard input in its errors'
mir_report --json - <&-
status=$?
has_failed 1 'standard input: Bad file descriptor'
result $? 'notices that standard input is closed'
mir_report --json - </
status=$?
has_failed 1 'standard input: Is a directory'
result $? 'notices that standard input cannot be read'
cat "$trace" | TMPDIR=$work/none mir_report --json -
status=$?
has_failed 1 'standard input: No such file or directory'
result $? 'notices that standard input cannot be kept'

# ---------------- The command line

for option in -h --help; do
  mir_report "$option" && [ ! -s "$work/err" ] && [ "$(wc -l <"$work/out")" -le 24 ] &&
    [ "$(wc -L <"$work/out")" -lt 85 ] && head -n 1 "$work/out" | grep -qx 'usage: mir-report \[OPTION\.\.\.\] TRACE'
  result $? "has its help on one screen with $option"
done
cp "$work/out" "$work/help"
lists_options "$page" "$work/help" >"$work/out" 2>"$work/err"
result $? 'the manual page lists the options of the help'
for option in -V --version; do
  mir_report "$option" && [ "$(cat "$work/out")" = "mir-report $version" ] && [ ! -s "$work/err" ]
  result $? "has its version with $option"
done
mir_report --help --fast && mir_report --stats --version "$trace" "$trace" &&
  [ "$(cat "$work/out")" = "mir-report $version" ]
result $? 'looks at nothing behind --help and --version'
cp "$trace" "$work/--json"
mir_report --stats -- --json && has_numbers '' '  *' ''
result $? 'takes what is behind -- for a trace'
rm "$work/--json"

refuses 'no arguments' 2 'no trace is named (see --help)'
refuses 'only options' 2 'no trace is named (see --help)' --partial --stats
refuses 'an unknown option' 2 "unknown option '--fast' (see --help)" --fast "$trace"
refuses 'an unknown letter' 2 "unknown option '-x' (see --help)" -x "$trace"
refuses 'an option with control characters' 2 "unknown option '--?\[31m' (see --help)" \
  "$(printf -- '--\033[31m')" "$trace"
refuses 'part of an option' 2 "unknown option '--stat' (see --help)" --stat "$trace"
refuses 'two traces' 2 'only one trace can be read at a time (see --help)' "$trace" "$trace"
refuses 'an option without its file' 2 '--html needs a value (see --help)' "$trace" --html
refuses 'an option in place of a file' 2 '--html needs a value (see --help)' --html --partial "$trace"
refuses 'an empty name' 2 '--folded needs a value (see --help)' --folded= "$trace"
refuses 'a value that is not wanted' 2 '--stats takes no value (see --help)' --stats=yes "$trace"
refuses 'an older trace without a name' 2 '--diff needs a value (see --help)' "$trace" --diff
refuses 'two older traces' 2 '--diff is given twice (see --help)' --diff="$trace" --diff="$trace" "$trace"
for second in --json --html=x --folded=x --chrome=x; do
  refuses "two formats, $second" 2 'only one format can be written at a time (see --help)' \
    --stats "$second" "$trace"
done
refuses 'to compare as a Chrome trace' 2 '--chrome shows one trace: --diff is not allowed with it (see --help)' \
  --chrome=x --diff="$work/older" "$trace"
refuses 'to read standard input twice' 2 'only one of the two traces can be standard input (see --help)' --diff=- -
[ ! -e x ]
result $? 'writes nothing if the arguments are wrong'

# ---------------- What fails

refuses 'a trace which is not there' 1 '.*/none: No such file or directory' "$work/none"
refuses 'a name that would be two lines' 1 '.*/two?lines: No such file or directory' "$work/two
lines"
refuses 'a folder' 1 '.*: not a regular file' "$work"
refuses 'another file' 1 '.*numbers: byte 1: this is not a trace' "$work/numbers"
: >"$work/empty"
for partial in '' --partial; do
  refuses "an empty file $partial" 1 '.*empty: the file is empty: no trace was begun in it' $partial "$work/empty"
done
head -c 5000 "$trace" >"$work/cut"
refuses 'a trace cut off' 1 '.*cut: byte 5000: the file ends here, before the trace does' "$work/cut"
[ ! -e "$work/cut.html" ]
result $? 'makes no page of a trace cut off'
refuses 'a folder which is not there' 1 '/nonexistent/page: No such file or directory' \
  --html /nonexistent/page "$trace"
mkdir "$work/folder"
refuses 'a folder as an output' 1 '.*/folder: Is a directory' --html="$work/folder" "$trace"
long=$(printf '%0250d' 0)
refuses 'a name that is too long' 1 ".*/$long: File name too long" --html="$work/$long" "$trace"

# The reader is gone before the command begins.
mkfifo "$work/gone"
for arguments in --help --version --stats --json --folded=- --chrome=- --html=- --folded=/dev/stdout; do
  : >"$work/out"
  "$report" $arguments "$trace" >&- 2>"$work/err"
  status=$?
  has_failed 1 'standard output: Bad file descriptor'
  result $? "notices a closed standard output, $arguments"
  if [ -e /dev/full ]; then
    "$report" $arguments "$trace" >/dev/full 2>"$work/err"
    status=$?
    has_failed 1 'standard output: No space left on device'
    result $? "notices a full disk, $arguments"
  fi
  : <"$work/gone" &
  exec 3>"$work/gone"
  wait
  "$report" $arguments "$trace" >&3 2>"$work/err"
  status=$?
  exec 3>&-
  has_failed 1 'standard output: Broken pipe'
  result $? "notices a pipe without a reader, $arguments"
done
rm -f "$trace.html"
"$report" "$trace" >&- 2>"$work/err"
status=$?
has_failed 1 'standard output: Bad file descriptor' && cmp "$trace.html" "$work/apart" && cmp "$trace" "$work/original"
result $? 'damages no file if standard output is closed'
"$report" "$trace" >&- 2>&- <&-
[ $? = 1 ] && cmp "$trace.html" "$work/apart" && cmp "$trace" "$work/original"
result $? 'damages no file if all standard streams are closed'
if [ -e /dev/full ]; then
  refuses 'a full disk' 1 '/dev/full: No space left on device' --html /dev/full "$trace"
  "$report" "$trace" >/dev/full 2>"$work/err"
  status=$?
  has_failed 1 'standard output: No space left on device'
  result $? 'notices that it cannot say what it has written'
fi
(
  ulimit -f 1
  mir_report "$trace"
)
status=$?
has_failed 1 ".*run.trace.html: File too large" && cmp "$trace.html" "$work/apart"
result $? 'keeps the old page if the new one gets too large'
(
  ulimit -f 1
  cat "$trace" | mir_report --json -
)
status=$?
has_failed 1 'standard input: File too large'
result $? 'notices that standard input is too large to keep'

# With any limit of memory the command is done, or ends with a line; the second picture of many names takes more than
# the first, so that some runs end while they write.  A sanitizer needs more memory than there is.
if (ulimit -v 1000000; "$report" --version) >/dev/null 2>&1 && command -v python3 >/dev/null; then
  python3 - "$work/names" <<'END'
import sys
number = lambda n: bytes([n & 127 | 128, n >> 7])
records = b"".join(b"\x0b\1" + number(900) + b"%0900d" % i + b"\x0c\1" for i in range(8000))
open(sys.argv[1], "wb").write(b"MIRtrace\1\x08\0\0\0" + records + b"\x14\0" + number(16000))
END
  mir_report --chrome="$work/kept" "$work/names" && cp "$work/kept" "$work/expected"
  done_num=0 failed_num=0 wrong=
  for limit in 6000 8000 10000 12000 14000 16000 18000 20000 22000 24000 26000 28000 30000 34000 40000 60000 100000; do
    echo old >"$work/kept"
    (
      ulimit -v "$limit"
      mir_report --chrome="$work/kept" "$work/names"
    )
    status=$?
    if [ "$status" = 0 ] && cmp -s "$work/kept" "$work/expected"; then
      done_num=$((done_num + 1))
    elif has_failed 1 'out of memory' && [ "$(cat "$work/kept")" = old ] && [ -z "$(find "$work" -name '*.new*')" ]; then
      failed_num=$((failed_num + 1))
    else
      wrong="$wrong $limit"
    fi
  done
  [ -z "$wrong" ] && [ "$done_num" -gt 0 ] && [ "$failed_num" -gt 4 ]
  result $? 'ends with a line and leaves nothing behind if there is no memory'
else
  skip 'ends with a line and leaves nothing behind if there is no memory' 'memory cannot be limited here'
fi

# ---------------- The trace is safe

keeps () { # name, arguments...
  name=$1
  shift
  mir_report "$@"
  status=$?
  has_failed 1 '.*: the output would replace the trace' && [ ! -s "$work/out" ] && cmp "$trace" "$work/original"
  result $? "never replaces a trace: $name"
}
ln "$trace" "$work/hard"
ln -s run.trace "$work/soft"
keeps 'the same name' --html="$trace" "$trace"
keeps 'another way to it' --folded="$work/folder/../run.trace" "$trace"
keeps 'another name' --chrome="$work/hard" "$trace"
keeps 'a link was read' --html="$trace" "$work/soft"
keeps 'the older one' --html="$trace" --diff="$trace" "$work/older"
cp "$trace" "$work/grown"
"$report" --stats "$work/grown" >>"$work/grown" 2>"$work/err"
status=$?
has_failed 1 '.*grown: the output would replace the trace' && cmp "$trace" "$work/grown"
result $? 'never writes behind a trace'
mir_report --html="$work/soft" "$trace" && [ ! -h "$work/soft" ] && cmp "$trace" "$work/original"
result $? 'replaces a link to the trace'
rm "$work/hard" # a trace replaces no file with two names

# ---------------- Comparisons

mir_report --json "$work/older" && cp "$work/out" "$work/older.json"
mir_report --folded="$work/older.folded" "$work/older"
mir_report --diff="$work/older" --stats "$trace" && [ ! -s "$work/err" ] &&
  tail -n +4 "$work/out" | awk '{ print $1, $2 }' >"$work/old-column" &&
  tail -n +4 "$work/out" | awk '{ print $1, $3 }' >"$work/new-column" &&
  tail -n +4 "$work/out" | awk '$4 != ($3 > $2 ? "+" : "") $3 - $2 { exit 1 }' &&
  "$report" --stats "$work/older" | awk 'NR > 1 { print $1, $2 }' | cmp - "$work/old-column" &&
  "$report" --stats "$trace" | awk 'NR > 1 { print $1, $2 }' | cmp - "$work/new-column"
result $? 'compares the numbers'
mir_report --diff "$work/older" --json "$trace" && cp "$work/out" "$work/both.json"
if command -v python3 >/dev/null; then
  python3 - "$work" >"$work/out" 2>"$work/err" <<'END'
import json, sys
both, old, new = [json.load(open(sys.argv[1] + "/" + name, encoding="utf-8"))
                  for name in ("both.json", "older.json", "json")]
assert both == {"old": old, "new": new}, both
END
  result $? 'compares the numbers as JSON'
fi
# The sums of both files, by stack, beside what the comparison says.
sum () { # file, how many counts, which one
  awk -v n="$2" -v i="$3" '{ count = $(NF - n + i); for (j = 0; j < n; j++) sub(/ [0-9]+$/, ""); sums[$0] += count }
    END { for (stack in sums) if (sums[stack] > 0) print stack, sums[stack] }' "$1" | LC_ALL=C sort
}
mir_report --diff="$work/older" --folded="$work/both.folded" "$trace" && says_written "$work/both.folded" &&
  sum "$work/both.folded" 2 1 >"$work/old-sums" && sum "$work/both.folded" 2 2 >"$work/new-sums" &&
  sum "$work/older.folded" 1 1 | cmp - "$work/old-sums" && sum "$work/folded" 1 1 | cmp - "$work/new-sums" &&
  [ "$(wc -l <"$work/new-sums")" = 3 ]
result $? 'compares the folded stacks'
mir_report --diff="$work/older" "$trace" && says_written "$trace.html" && grep -q '^"old":{' "$trace.html"
result $? 'compares as a page'
cat "$work/older" | mir_report --diff=- --folded=- "$trace" && cmp "$work/out" "$work/both.folded"
result $? 'reads the older trace from standard input'
cat "$trace" | mir_report --diff="$work/older" --folded=- - && cmp "$work/out" "$work/both.folded"
result $? 'compares standard input'
chmod 644 "$trace" && mir_report --diff="$work/older" "$trace" && [ "$(stat -c %a "$trace.html")" = 600 ]
result $? 'makes a comparison as private as the older trace'
refuses 'an older trace that is none' 1 '.*/numbers: byte 1: this is not a trace' --diff="$work/numbers" "$trace"
refuses 'a damaged older trace' 1 '.*/cut: byte 5000: .*' --diff="$work/cut" "$trace"
mir_report --diff="$work/cut" --partial --stats "$trace" &&
  grep -qx 'old is incomplete  *byte 5000: the file ends here, before the trace does' "$work/out" &&
  [ "$(wc -l <"$work/err")" = 1 ]
result $? 'compares with a damaged trace with --partial'
mir_report --diff="$work/cut" --partial "$trace" &&
  grep -q 'The older trace is incomplete: byte 5000: the file ends here' "$trace.html"
result $? 'says in the page that the older trace is damaged'

# ---------------- Part of a trace

"$report" --stats "$work/cut" >"$work/out" 2>"$work/err"
warning="$work/cut: byte 5000: the file ends here, before the trace does; what is before is shown"
mir_report --partial --json "$work/cut" && grep -q '^  "complete": false,$' "$work/out" &&
  grep -qx '  "damage": "byte 5000: the file ends here, before the trace does",' "$work/out" &&
  [ "$(cat "$work/err")" = "mir-report: $warning" ]
result $? 'shows an incomplete trace with --partial'
mir_report --partial --stats "$work/cut" &&
  grep -qx 'incomplete  *byte 5000: the file ends here, before the trace does' "$work/out"
result $? 'says where and why in the numbers'
mir_report --partial "$work/cut" &&
  grep -q '<p class=warning role=note>The trace is incomplete: byte 5000: the file ends here' "$work/cut.html"
result $? 'says where and why in the page'
mir_report --partial --json "$trace" && cmp "$work/out" "$work/json" && [ ! -s "$work/err" ]
result $? 'shows a whole trace with --partial as without'
{ head -c 5000 "$trace"; printf '\377\377\377\377\377\377\377\377\377\377'; tail -c +5001 "$trace"; } >"$work/wrong"
refuses 'a damaged trace' 1 '.*/wrong: byte [0-9]*: .*' "$work/wrong"
mir_report --partial --json "$work/wrong" && grep -q '^  "complete": false,$' "$work/out"
result $? 'shows a damaged trace with --partial'
printf 'MIRtrace\001' >"$work/head"
refuses 'a damaged head, also with --partial' 1 '.*/head: byte 9: the file ends here, before the trace does' \
  --partial "$work/head"
"$program" "$trace" die
mir_report --json "$trace"
[ $? = 1 ] && mir_report --partial --json "$trace" && grep -q '"live_blocks": 30,' "$work/out"
result $? 'shows the trace of a program that died'
"$program" "$trace" die-early
early='byte [0-9]*: the file ends here, before its first event (see MIR_trace_flush)'
refuses 'the trace of a program that died early' 1 ".*run.trace: $early" "$trace"
mir_report --partial --json "$trace" && grep -q '"mallocs": 0,' "$work/out" &&
  grep -qx "mir-report: $trace: $early; what is before is shown" "$work/err"
result $? 'shows an empty picture of a program that died early'

# ---------------- Names

cp "$work/original" "$work/$(printf 'b\344d.trace')" # not UTF-8
mir_report --stats "$work/$(printf 'b\344d.trace')" && [ "$(find "$work" -name '*.new*')" = '' ]
result $? 'reads a file with any name'
[ -z "$(find "$work" -name '*.new*')" ]
result $? 'leaves nothing behind'

finish
