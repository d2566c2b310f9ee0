#!/bin/sh
# A program of the debug C runtime, injected by its file and when it is started.  Arguments: DLL, mir-inject.exe,
# debug.exe, the folder with ucrtbased.dll.
set -eu
here=$(dirname "$0")
. "$here/../support/tap.sh"
[ -n "${UCRT_WINE-}" ] || skip_all "${UCRT_WINE_MISSING:-Wine is not set up: ./dev test ucrt does it}"

dir=$(mktemp -d "$(dirname "$(realpath "$3")")/run.XXXXXX") # where a Wine in a Debian of its own sees it
trap 'rm -rf "$dir" "$work"' EXIT
cp "$1" "$2" "$4/ucrtbased.dll" "$4/fake-without-types.dll" "$dir/"
cp "$3" "$dir/prog.exe"
cd "$dir"
export TEST_MODE=first MIR_UCRT_VERBOSE=1

# Sets code; the output is in out, without carriage returns, and err.
windows () {
  code=0
  timeout -k 5 60 $UCRT_WINE "$@" >raw 2>err || code=$?
  tr -d '\r' <raw | tee out
  cat err
  echo "status $code"
}

it_is_injected_and_taken_over () {
  windows ./mir-inject.exe prog.exe
  [ "$code" = 0 ]
  windows ./mir-inject.exe --verify prog-mi.exe
  [ "$code" = 0 ]
  has_line "^  note  runtime: 'ucrtbased.dll' is a debug runtime, which is only taken over at start-up$" out
  has_line "^  ok    runtime: linked dynamically ('ucrtbased.dll')," out
  windows ./prog-mi.exe
  [ "$code" = 0 ]
  has_line '^mir-ucrt: active: 37 functions of ucrtbased.dll, taken over at start-up; its block types, ' err
}

it_is_taken_over_when_it_is_started () {
  windows ./mir-inject.exe run -- prog.exe
  [ "$code" = 0 ]
  has_line '^mir-ucrt: active: 37 functions of ucrtbased.dll, taken over at start-up' err
}

without_the_dll_in_front_it_is_not () {
  windows ./mir-inject.exe --verify prog.exe
  [ "$code" != 0 ]
  has_line "^  no    order: 'mir-ucrt.dll' is not imported$" out
}

for name in it_is_injected_and_taken_over it_is_taken_over_when_it_is_started without_the_dll_in_front_it_is_not; do
  run "$name"
done
finish
