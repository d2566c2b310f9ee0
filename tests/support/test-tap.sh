#!/bin/sh
# The harnesses themselves: a test whose lines are lost has failed.
#
# usage: test-tap.sh PROGRAM   a test that passes
set -eu
here=$(dirname "$0")
. "$here/tap.sh"
program=$1

full_or_skip () {
  [ -e /dev/full ] || {
    echo 'there is no /dev/full'
    exit 77
  }
}

a_program_that_passes_has_status_0 () {
  "$program"
}

a_program_whose_lines_are_lost_fails () {
  full_or_skip
  status=0
  "$program" >/dev/full 2>"$work/err" || status=$?
  [ $status = 1 ]
  has_line '^tap: standard output: ' "$work/err"
}

# In a file, since the shell of this one already runs tests.
a_script_whose_lines_are_lost_fails () {
  full_or_skip
  printf '. "%s"\nresult 0 passes\nfinish\n' "$here/tap.sh" >"$work/script"
  sh "$work/script"
  status=0
  sh "$work/script" >/dev/full 2>&1 || status=$?
  [ $status != 0 ]
}

run a_program_that_passes_has_status_0
run a_program_whose_lines_are_lost_fails
run a_script_whose_lines_are_lost_fails
finish
