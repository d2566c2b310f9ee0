#!/bin/sh
# The host: what it prints where there is enough memory, where one guest after the other takes all, and where there is
# little; its picture; and bad arguments.
#
# usage: test-host.sh PROGRAM ALONE FAULTY MIR-REPORT GUEST...   without guests; with faulty ones; those that are in PROGRAM
set -eu
. "$(dirname "$0")/../../tests/support/tap.sh"
program=$1 alone=$2 faulty=$3 report=$4
shift 4
here=$*
limit=67108864

explain () {
  cat "$work/log" "$work/out" "$work/err" 2>/dev/null
}

host () { # wanted status, arguments
  wanted=$1
  shift
  status=0
  "$program" "$@" >"$work/out" 2>"$work/err" || status=$?
  [ "$status" = "$wanted" ] || {
    echo "status $status of: host $*"
    cat "$work/err"
    return 1
  }
}

has () { # how many lines match a pattern
  [ "$(grep -c -- "$2" "$work/out")" = "$1" ] || {
    echo "not $1 lines with: $2"
    cat "$work/out"
    return 1
  }
}

number_of () { # guests
  echo $#
}

# The column $2 of the guest $1 in the table.
column () {
  awk -v guest="$1" -v column="$2" '
    $1 == "guest" { is_table = 1 }
    is_table && $1 == guest { print $(NF - 4 + column) }' "$work/out"
}
calls=1 peak=2 live=3 refused=4

is_complete () {
  has 1 '^0 bytes of the guests are live at the end$'
  [ ! -s "$work/err" ]
}

every_guest_works () {
  host 0
  is_complete
  has 0 'refused:\|stopped:'
  for guest in $here; do
    has 1 "^  $guest  *start  *done$"
    has 2 "^  $guest  *work  *done$"
    [ "$(column "$guest" $calls)" -gt 0 ]
    [ "$(column "$guest" $live)" -gt 0 ]
    [ "$(column "$guest" $peak)" -ge "$(column "$guest" $live)" ]
    [ "$(column "$guest" $refused)" = 0 ]
  done
  has $((5 - $(number_of $here))) 'left out'
}

# What a guest that takes all there is, is told: OpenSSL and QuickJS do not survive every refusal.
end_of_hoard () {
  case $1 in
  lua) echo 'refused: not enough memory' ;;
  sqlite) echo 'refused: out of memory' ;;
  zstd) echo 'refused: ' ;;
  quickjs) echo 'stopped: .*interrupted' ;;
  openssl) echo 'stopped: it does not survive every refusal' ;;
  esac
}

took_all () { # guest
  has 1 "^  $1  *hoard  *$(end_of_hoard "$1")"
  # By then it has taken most, so that the library has not gone around its memory.
  [ "$(column "$1" $peak)" -gt $((limit / 2)) ]
  for guest in $here; do
    case $guest in
    openssl | quickjs) [ "$(column "$guest" $refused)" = 0 ] ;;
    "$1") [ "$(column "$guest" $refused)" -gt 0 ] ;;
    esac
  done
}

each_exhausts_the_memory_and_all_go_on () {
  for guest in $here; do
    host 0 --exhaust "$guest"
    is_complete
    took_all "$guest"
    has $(($(number_of $here) - 1)) '^  .*meanwhile'
    has "$(number_of $here)" '^  .* after  *done$'
  done
}

one_after_the_other_does () {
  host 0 --exhaust all
  is_complete
  for guest in $here; do
    took_all "$guest"
    has "$(number_of $here)" "^  $guest  *after  *done$"
  done
}

# The number of bytes that the guests hold at the end of the work.
held () {
  sed -n 's/^\([0-9]*\) of [0-9]* bytes are in use$/\1/p' "$work/out"
}

no_guest_does_wrong_with_its_blocks () {
  host 0
  has 0 'findings'
  unchecked=$(held)
  host 0 --check
  [ "$(held)" -gt $((unchecked * 3 / 2)) ] # the checks are there
  host 0 --check --exhaust all
  is_complete
  has 1 '^0 findings of the checks$'
  for guest in $here; do
    has "$(number_of $here)" "^  $guest  *after  *done$"
  done
}

what_is_wrong_is_told () {
  program=$faulty
  host 0
  is_complete
  host 1 --exhaust lua
  has 1 '^100 bytes of the guests are live at the end$'
  host 1 --exhaust lua --check
  has_line 'never freed; .*, for lua$' "$work/err" # the leak has its label
  host 1 --exhaust sqlite
  has_line '^host: sqlite: hoard: one and one is three$' "$work/err"
  host 0 --exhaust zstd # nobody looks
  host 1 --exhaust zstd --check
  has_line 'past the end of the block were overwritten; .*, for zstd$' "$work/err"
  has 1 '^1 findings of the checks$'
  host 1 --exhaust openssl # was refused in spite of its margin
}

# From too little for a context to enough for all: no guest does anything wrong, whatever it is refused.
little_memory_is_an_error () {
  refusals=0
  for size in 66K 67K 70K 80K 90K 100K 120K 150K 200K 250K 300K 350K 400K 500K 700K 1M 1400K 1700K 2M 2100K 2200K 2300K \
    2500K 3M 4M 8M 9M 12M; do
    host 0 --limit "$size" --exhaust all
    is_complete
    refusals=$((refusals + $(grep -c 'refused:' "$work/out" || true)))
    for guest in openssl quickjs; do
      [ "$(column "$guest" $refused)" = 0 ] || [ -z "$(column "$guest" $refused)" ]
    done
  done
  [ "$refusals" -gt 50 ]
}

too_little_for_a_context_is_one_line () {
  host 1 --limit 100
  [ ! -s "$work/out" ]
  [ "$(wc -l <"$work/err")" = 1 ]
  has_line '^host: ' "$work/err"
}

the_picture_tells_who_owned_what () {
  host 0 --exhaust all --trace "$work/trace"
  has 1 "^mir-report $work/trace shows"
  "$report" --stats "$work/trace" >"$work/stats"
  has_line '^live_bytes  *0$' "$work/stats"
  has_line '^strange  *0$' "$work/stats"
  awk -v limit=$limit '$1 == "peak_bytes" { peak = $2 } END { exit !(peak > limit * .9 && peak < limit * 1.01) }' \
    "$work/stats"
  "$report" --folded="$work/folded" "$work/trace"
  cat "$work/folded"
  for guest in $here; do
    has_line "\<$guest;start" "$work/folded"
    has_line "\<$guest;hoard" "$work/folded"
  done
  # Only the limit and the context belong to nobody.
  awk '{ all += $NF } !/;/ { others += $NF } END { exit !(all > 0 && others < 100000) }' "$work/folded"
  "$report" --html="$work/page.html" "$work/trace"
  for guest in $here; do
    has_line "$guest" "$work/page.html"
  done
}

fails_with () { # pattern of the only line, arguments
  pattern=$1
  shift
  host 1 "$@"
  [ ! -s "$work/out" ]
  [ "$(wc -l <"$work/err")" = 1 ]
  has_line "^host: $pattern$" "$work/err"
}

a_trace_that_cannot_be_written_is_one_line () {
  fails_with "$work/none/trace: the trace file could not be created or written" --trace "$work/none/trace"
  mkdir "$work/folder"
  fails_with "$work/folder: the trace file's name is taken by a folder, .*" --trace "$work/folder"
  fails_with "$work/a?\[31mb??c/d: the trace file could not be .*" --trace "$work/a$(printf '\033[31mb\302\233c')/d"
}

# A trace replaces the file of its name, which must stay if there is nothing to trace.
too_little_for_a_context_leaves_no_trace () {
  echo mine >"$work/mine"
  for size in 100 1K; do
    fails_with '.*' --trace "$work/mine" --limit $size
    [ "$(cat "$work/mine")" = mine ]
    fails_with '.*' --trace "$work/new" --limit $size
    [ ! -e "$work/new" ]
  done
}

loses () { # arguments
  status=0
  "$program" "$@" >/dev/full 2>"$work/err" || status=$?
  [ $status = 1 ]
  [ "$(cat "$work/err")" = 'host: standard output: No space left on device' ]
  status=0
  "$program" "$@" >&- 2>"$work/err" || status=$?
  [ $status = 1 ]
  [ "$(cat "$work/err")" = 'host: standard output or standard error: Bad file descriptor' ]
  status=0
  "$program" "$@" 2>&- >"$work/out" || status=$?
  [ $status = 1 ]
  [ ! -s "$work/out" ]
}

lost_output_is_an_error () {
  [ -e /dev/full ] || {
    echo 'there is no /dev/full'
    return 77
  }
  loses
  loses --help
  loses --exhaust all
}

refuses () { # pattern, arguments
  pattern=$1
  shift
  host 2 "$@"
  [ ! -s "$work/out" ]
  [ "$(wc -l <"$work/err")" = 1 ]
  has_line "^host: $pattern, see --help$" "$work/err"
}

a_missing_library_is_a_line () {
  program=$alone
  host 0 --exhaust all --trace "$work/trace"
  is_complete
  refuses '--exhaust quickjs: left out, the library was not there when this was built' --exhaust quickjs
  host 0 --exhaust all
  for guest in lua quickjs sqlite zstd openssl; do
    has 1 "^  $guest  *left out: the library was not there when this was built$"
  done
  has 0 'done\|refused:\|takes all'
}

help_is_help () {
  host 0 --help
  has 1 '^usage: host'
  host 0 -h
  [ ! -s "$work/err" ]
}

refuses_bad_arguments () {
  refuses 'there is no option --fast' --fast
  refuses 'there is no option -x' -x
  refuses 'there are no arguments but options' file
  refuses '--limit needs a value' --limit
  refuses '--limit needs a value' --limit ''
  refuses '--trace needs a value' --trace
  refuses '--trace needs a value' --trace ''
  refuses '--trace needs a file' --trace --check
  refuses '--trace needs a file' --trace -
  refuses '--exhaust needs a value' --exhaust
  for size in 0 -1 x 1x 1KM ' 1' 99999999999999999999 9223372036854775808 9007199254740993K; do
    refuses '--limit needs a number of bytes' --limit "$size"
  done
  refuses '--exhaust takes the name of a guest, or all' --exhaust perl
  refuses 'there is no option --fast' --limit 1M --fast
  refuses 'there is no option --?\[31mred' "--$(printf '\033[31mred')"
  refuses 'there is no option --a???b' "--$(printf 'a\302\233\nb')"
}

run every_guest_works
run each_exhausts_the_memory_and_all_go_on
run one_after_the_other_does
run no_guest_does_wrong_with_its_blocks
run what_is_wrong_is_told
run little_memory_is_an_error
run too_little_for_a_context_is_one_line
run the_picture_tells_who_owned_what
run a_trace_that_cannot_be_written_is_one_line
run too_little_for_a_context_leaves_no_trace
run lost_output_is_an_error
run a_missing_library_is_a_line
run help_is_help
run refuses_bad_arguments
finish
