#!/bin/sh
# Processes with nothing to take over, or not yet.  Arguments: DLL, before-crt.exe, other-crt.exe.
set -eu
here=$(dirname "$0")
. "$here/../support/tap.sh"
dll=$1 before=$2 other=$3

program () {
  code=0
  MIR_UCRT_VERBOSE=1 sh "$here/run.sh" "$dll" "$1" "$2" late >"$work/out" 2>"$work/err" || code=$?
  if grep -q '^ok 1 .*# SKIP' "$work/out"; then
    sed 's/.*# SKIP //' "$work/out" | head -n 1
    exit 77
  fi
  cat "$work/out" "$work/err"
  echo "status $code"
}

taken_over_when_it_comes_later () {
  program "$before" wine
  [ "$code" = 0 ] && has_line '^active again$' "$work/out"
  has_line '^mir-ucrt: waiting: .*: no C runtime DLL is loaded' "$work/err"
  has_line '^mir-ucrt: active: .*ucrtbase.dll' "$work/err"
}

taken_over_when_microsofts_comes_later () {
  program "$before" microsoft
  [ "$code" = 0 ] && has_line '^active again$' "$work/out"
}

the_reason_names_what_comes_and_goes () {
  export MIR_UCRT_CRTS=other
  program "$before" microsoft
  [ "$code" = 0 ] && has_line '^waiting$' "$work/out" && has_no_line '^it stays$' "$work/out"
}

nothing_to_take_over_in_a_program_of_msvcrt () {
  program "$other" wine
  [ "$code" = 0 ] && has_line '^waiting$' "$work/out"
  has_line '^mir-ucrt: waiting: .*: msvcrt.dll is loaded, but only taken over if MIR_UCRT_CRTS names it' "$work/err"
}

msvcrt_is_taken_over_on_request () {
  export MIR_UCRT_CRTS=msvcrt
  program "$other" wine
  [ "$code" = 0 ] && has_line '^active$' "$work/out"
  has_line '^mir-ucrt: active: [0-9]* functions of msvcrt.dll, taken over late' "$work/err"
}

run taken_over_when_it_comes_later
run taken_over_when_microsofts_comes_later
run the_reason_names_what_comes_and_goes
run nothing_to_take_over_in_a_program_of_msvcrt
run msvcrt_is_taken_over_on_request
finish
