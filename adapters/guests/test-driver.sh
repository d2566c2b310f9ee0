#!/bin/sh
# The exit status of a driver: its work must be right, and what it prints must arrive; and which drivers there are.
#
# usage: test-driver.sh PROGRAM   the driver of faulty.c
set -eu
. "$(dirname "$0")/../../tests/support/tap.sh"
program=$1

ends_with () { # status, option
  status=0
  "$program" "$2" >"$work/out" 2>"$work/err" || status=$?
  [ $status = "$1" ] || {
    echo "status $status of $2"
    cat "$work/out" "$work/err"
    return 1
  }
}

right_work_has_status_0 () {
  for option in --row --figures; do
    ends_with 0 $option
    [ "$(grep -c 'result=right' "$work/out")" = 2 ]
  done
  ends_with 0 --test
}

wrong_work_has_status_1 () {
  export FAULTY=1
  for option in --row --figures; do
    ends_with 1 $option
    has_line '^guest=sound.*	result=right' "$work/out"
    has_line '^guest=faulty.*	result=wrong' "$work/out"
  done
  ends_with 1 --test
}

lost_output_has_status_1 () {
  [ -e /dev/full ] || {
    echo 'there is no /dev/full'
    return 77
  }
  for option in --row --figures --test; do
    status=0
    "$program" $option >/dev/full 2>"$work/err" || status=$?
    [ $status = 1 ]
    [ "$(wc -l <"$work/err")" = 1 ]
    has_line ': standard output: not all could be written$' "$work/err"
  done
}

other_arguments_have_status_2 () {
  ends_with 2 --rows
  [ ! -s "$work/out" ]
  [ "$(wc -l <"$work/err")" = 1 ]
}

# ./dev guests measures what the target `guests` compiles.
this_driver_is_not_measured () {
  build=${program%/adapters/guests/*}
  ninja -C "$build" -t query guests >"$work/query" 2>&1 || {
    echo 'no library that is measured is here'
    return 77
  }
  (. "$(dirname "$0")/../../.ci/guests.sh" && guest_programs "$build") >"$work/programs"
  [ "$(wc -l <"$work/programs")" = "$(grep -c 'adapters/guests/guest-' "$work/query")" ]
  has_line "^$build/adapters/guests/guest-" "$work/programs"
  has_no_line guest-faulty "$work/programs"
}

run right_work_has_status_0
run wrong_work_has_status_1
run lost_output_has_status_1
run other_arguments_have_status_2
run this_driver_is_not_measured
finish
