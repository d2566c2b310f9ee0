#!/bin/sh
# Run a program that tests mir-ucrt.dll, in a folder of its own, with the DLL where MODE says.
#
#   run.sh DLL PROGRAM CRT MODE [ARGUMENT...]
#
# CRT    wine: Wine's own ucrtbase.dll; microsoft: Microsoft's, which get-ucrt puts into $UCRT_MICROSOFT
# MODE   none, first (in the import table: PROGRAM-first.exe), late (the program loads it: TEST_LATE), or
#        remote (another process loads it: TEST_DLL)
# $UCRT_WINE is the command that runs Windows programs; ./dev sets it, and Wine's environment.  There are second
# copies of both DLLs; TEST_SECOND names the one with the file name $TEST_SECOND_FILE.  The exit status is the
# program's; standard output has no carriage returns.
set -eu
dll=$(realpath "$1") program=$(realpath "$2") crt=$3 mode=$4
shift 4
name=$(basename "$program" .exe)

skip () {
  exec sh "$(dirname "$0")/../support/skip.sh" "$name, $crt, $mode" "$*"
}

[ -n "${UCRT_WINE-}" ] || skip "${UCRT_WINE_MISSING:-Wine is not set up: ./dev test ucrt does it}"
if [ "$crt" = microsoft ] && [ ! -f "${UCRT_MICROSOFT-}/ucrtbase.dll" ]; then
  skip "${UCRT_MICROSOFT_MISSING:-no ucrtbase.dll of Microsoft is here}"
fi

dir=$(mktemp -d "$(dirname "$program")/run.XXXXXX")
trap 'rm -rf "$dir"' EXIT
windows () {
  echo "Z:$1" | tr / '\\'
}

mkdir "$dir/dll" "$dir/second"
cp "$dll" "$dir/second/"
[ "$crt" != microsoft ] || {
  cp "$UCRT_MICROSOFT/ucrtbase.dll" "$dir/"
  cp "$UCRT_MICROSOFT/ucrtbase.dll" "$dir/second/"
  # It has functions that Wine's lacks.
  export WINEDLLOVERRIDES="${WINEDLLOVERRIDES-};ucrtbase=n,b" TEST_CRT_COMPLETE=1
}
case $mode in
first)
  program=${program%.exe}-first.exe
  cp "$dll" "$dir/"
  ;;
late)
  cp "$dll" "$dir/dll/"
  TEST_LATE=$(windows "$dir/dll/$(basename "$dll")")
  export TEST_LATE
  ;;
remote)
  cp "$dll" "$dir/dll/"
  TEST_DLL=$(windows "$dir/dll/$(basename "$dll")")
  export TEST_DLL
  ;;
esac
cp "$program" "$dir/$name.exe"
TEST_MODE=$mode
TEST_SECOND=$(windows "$dir/second/${TEST_SECOND_FILE-mir-ucrt.dll}")
export TEST_MODE TEST_SECOND

cd "$dir"
status=0
# Not through a pipe, whose status would be its last command's.
timeout -k 5 "${TEST_TIMEOUT-120}" $UCRT_WINE "./$name.exe" "$@" >"$dir/out" || status=$?
tr -d '\r' <"$dir/out"
[ "$status" != 124 ] || echo "# $name did not end in time"
exit "$status"
