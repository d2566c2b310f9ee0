#!/bin/sh
# Runs an example and compares what it prints.  Arguments: the program and the file with the expected output.
# MESON_EXE_WRAPPER, if set, starts programs for another system or CPU.
set -eu
. "$(dirname "$0")/../../tests/support/tap.sh"
program=$1 expected=$2

prints_what_is_expected () {
  status=0
  ${MESON_EXE_WRAPPER-} "$program" >"$work/out" 2>"$work/err" || status=$?
  cat "$work/err"
  if [ "$status" = 77 ]; then # the example says why
    cat "$work/out" "$work/err" | tr -d '\r'
    exit 77
  fi
  [ "$status" = 0 ]
  tr -d '\r' <"$work/out" | diff "$expected" -
}

run prints_what_is_expected
finish
