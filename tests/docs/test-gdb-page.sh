#!/bin/sh
# The session in docs/debugging.md: gdb stops in generated code that has a name.  Arguments: gdb, the sources, packet-filter.
set -u
. "$(dirname "$0")/../support/tap.sh"
gdb=$1 root=$2 program=$3
page=$root/docs/debugging.md

explain () {
  cat "$work/out"
}

lines_of_the_page () { # what they begin with
  sed -n "s|^    $1||p" "$page"
}

command -v "$gdb" >/dev/null || skip_all 'gdb is not installed'
# LeakSanitizer does not work in a traced program.
export ASAN_OPTIONS="${ASAN_OPTIONS-}:detect_leaks=0"

run_gdb () { # a file of commands; with few packets, so that it is quick
  timeout 100 "$gdb" -nx -batch -iex 'set debuginfod enabled off' -ex 'set confirm off' -x "$1" \
    --args "$program" --packets 10 --rounds 1 --swaps 1 $arguments >"$work/out" 2>&1
}

cd "$root/examples/packet-filter" || exit 1
arguments=$(lines_of_the_page 'gdb --args [^ ]* ')
lines_of_the_page '(gdb) ' >"$work/session"

run_gdb "$work/session"
refusal=$(grep -m 1 -E 'ptrace: |Could not trace|Cannot PTRACE|Could not insert hardware' "$work/out")
[ -z "$refusal" ] || skip_all "gdb may not trace, or has no hardware breakpoints: $refusal"
grep -q '^Breakpoint 1, compare_results ' "$work/out" && grep -q '^Hardware assisted breakpoint 2 at 0x' "$work/out"
result $? 'knows the function that the page names'
stop=$(lines_of_the_page 'Breakpoint 2, ' | sed 's/.* in //') # "http ()"
[ -n "$stop" ] && grep -q "^Breakpoint 2, 0x[0-9a-f]* in $stop" "$work/out" && grep -q "^#0 .* in $stop" "$work/out" &&
  grep -q '^#[12] .*compare_results ' "$work/out"
status=$?
# Some virtual machines accept hardware breakpoints and never stop at one.
printf 'start\nhbreak capture_load\ncontinue\n' >"$work/plain"
[ $status = 0 ] || mv "$work/out" "$work/first"
if [ $status != 0 ] && run_gdb "$work/plain" && ! grep -q '^Breakpoint 2, ' "$work/out"; then
  skip 'stops there, and finds its callers' 'hardware breakpoints are never hit on this machine, in compiled code neither'
else
  [ ! -f "$work/first" ] || mv "$work/first" "$work/out"
  result $status 'stops there, and finds its callers'
fi

finish
