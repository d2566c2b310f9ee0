#!/bin/sh
# mir-inject run, attach and check with mir-ucrt.dll itself, on a program of the UCRT.  Prints TAP.
#
# usage: test-taken.sh MIR-INJECT TARGET MIR-UCRT-DLL
# UCRT_WINE is the command that runs programs; without it the test is skipped.
set -u
. "$(dirname "$0")/../../support/tap.sh"
. "$(dirname "$0")/programs.sh"
[ -n "${UCRT_WINE-}" ] || skip_all "${UCRT_WINE_MISSING:-UCRT_WINE is not set}"
place=$(mktemp -d "$PWD/taken.XXXXXX") # below the build folder, which every Wine here sees
trap 'exec 9>&-; rm -rf "$work" "$place"' EXIT
cp -- "$1" "$place/mir-inject.exe" && cp -- "$2" "$place/target.exe" && cp -- "$3" "$place/mir-ucrt.dll" || exit 1
cd "$place" || exit 1

inject () { # arguments...
  answer $UCRT_WINE ./mir-inject.exe "$@"
}

export MIR_UCRT_VERBOSE=1
for way in imports apc thread; do
  [ $way = imports ] && when='at start-up' || when='taken over late'
  inject run -v --require --via=$way ./target.exe exit 42
  [ $status = 42 ] && says err "by $way: done" && says err 'taken over: [1-9]' && says err "$when"
  result $? "run by $way: $when"
done
# It runs until the end of its input: a program that does nothing may end before its status is seen.
mkfifo pipe
sleep 1 >pipe &
MIR_UCRT_DISABLE=1 input=pipe inject run ./target.exe echo
[ $status = 0 ] && says err 'not seen to be taken over: disabled'
result $? 'run: the program runs with a disabled DLL, and run says so'
MIR_UCRT_DISABLE=1 inject run --require ./target.exe args x
[ $status = 125 ] && [ ! -s out ] && says err disabled
result $? '--require: the program does not run with a disabled DLL'
inject run --require ./target.exe status ./target.exe exit 0xc0000005
[ $status = 0 ] && [ "$(cat out)" = 0xc0000005 ]
result $? 'a program that starts another'

begin_counting () { # arguments of mir-inject, or none: start the target by it
  MIR_UCRT_COUNT=1 begin $UCRT_WINE "$@" ./target.exe spin
}

calls () { # of all functions, by out
  sed -n 's/^calls *//p' out
}

for way in imports attach; do
  if [ $way = imports ]; then begin_counting ./mir-inject.exe run; else
    begin_counting
    inject check "$id"
    [ $status = 1 ]
    result $? 'check before attach: not loaded'
    inject attach "$id"
    [ $status = 0 ] && says err 'active, [1-9][0-9]* functions taken over'
    result $? 'attach to a program that allocates'
  fi
  inject check "$id"
  first=$(calls)
  [ $status = 0 ] && says out '^state  *active$' && says out 'ucrtbase'
  result $? "check after $way: active and intact"
  inject check -v "$id"
  [ $status = 0 ] && [ "$(calls)" -gt "$first" ] && says out '^malloc  *taken  *intact' && says out '^free  *taken  *intact'
  result $? "its calls go on to be counted after $way"
  inject attach "$id"
  [ $status = 0 ] && says err 'already attached'
  result $? "nothing more is loaded after $way"
  end
  result $? "the program ended well after $way"
done

finish
