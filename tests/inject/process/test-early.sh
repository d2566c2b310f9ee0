#!/bin/sh
# mir-inject check and attach while a process has not begun or its loader is busy.  Prints TAP.
#
# usage: test-early.sh MIR-INJECT EARLY EARLY-DLL MIR-UCRT-DLL
# UCRT_WINE is the command that runs programs; without it the test is skipped.
set -u
. "$(dirname "$0")/../../support/tap.sh"
. "$(dirname "$0")/programs.sh"
[ -n "${UCRT_WINE-}" ] || skip_all "${UCRT_WINE_MISSING:-UCRT_WINE is not set}"
place=$(mktemp -d "$PWD/early.XXXXXX") # below the build folder, which every Wine here sees
trap 'exec 9>&-; rm -rf "$work" "$place"' EXIT
cp -- "$1" "$place/mir-inject.exe" && cp -- "$2" "$place/early.exe" && cp -- "$3" "$place/early-dll.dll" || exit 1
cp -- "$4" "$place/mir-ucrt.dll" || exit 1
cd "$place" || exit 1

inject () { # arguments...
  answer $UCRT_WINE ./mir-inject.exe "$@"
}

await () { # pattern: of the output of check
  n=0
  until inject check "$id" && says out "$1" || [ $n = 100 ]; do
    n=$((n + 1))
    sleep 0.2
  done
}

# Whether err has the CPU time of a process after a timeout of $1 seconds, more than $2 and less than $3 of them, and the
# conclusion that belongs to it.  How much a process gets of the time depends on the machine.
tells_cpu_time () {
  used=$(sed -n "s/.*did not load the DLL within $1\.0 s, in which it used \([0-9.]*\) s of CPU time: .*/\1/p" err)
  [ -n "$used" ] || return 1
  case $(awk "BEGIN { print !($used > $2 && $used < $3) ? \"no\" : $used < $1 / 20 ? \"less\" : $used > $1 / 20 ? \"more\" : \"\" }") in
  no) return 1 ;;
  less) says err 'CPU time: it is suspended or waits' ;;
  more) says err 'CPU time: its loader is busy' ;;
  *) says err 'CPU time: it' ;;
  esac
}

state_is () { # state in the JSON of check
  inject check --json "$id"
  python3 -c 'import json, sys
status = json.load(open("out", encoding="utf-8"))
assert status["state"] == sys.argv[1] and "initialised yet" in status["reason"], status' "$1" >>err 2>&1
}

begin $UCRT_WINE ./early.exe suspended early.exe
inject check "$id"
[ $status = 1 ] && says out 'mir-ucrt.dll is not loaded: the process is not initialised yet' && state_is 'not loaded'
result $? 'check: a process that has no DLLs yet'
end

inject early.exe
begin $UCRT_WINE ./early.exe suspended early-mi.exe
inject check "$id"
[ $status = 1 ] && says out 'mir-ucrt.dll is not loaded: the program imports it, but is not initialised yet' &&
  state_is 'not loaded'
result $? 'check: a program that imports the DLL and has not loaded it yet'
end

inject --force --dll=early-dll.dll early.exe
begin $UCRT_WINE ./early.exe start early-mi.exe
await 'not initialised yet: '
[ $status = 3 ] && says out '^state  *not initialised yet: ' && state_is 'not initialised'
result $? 'check: a DLL that has not begun'
end

export EARLY_HIDES=1
begin $UCRT_WINE ./early.exe start early-mi.exe
sleep 1 # until it hides
inject check "$id"
[ $status = 3 ] && says out '^state  *not initialised yet: ' && state_is 'not initialised'
result $? 'check: a DLL that is not mapped yet'
end
unset EARLY_HIDES

begin $UCRT_WINE ./early.exe locked
inject attach --timeout=1 "$id"
[ $status = 1 ] && tells_cpu_time 1 0 9
result $? 'attach: says what is known of a process whose loader is busy'
touch release
await '^state  *active$'
[ $status = 0 ] && says out '^state  *active$'
result $? 'attach: the DLL comes when the loader is free'
end

begin $UCRT_WINE ./early.exe start early.exe
sleep 1 # until it has begun
inject attach --timeout=5 --dll=early-dll.dll "$id"
[ $status = 3 ] && tells_cpu_time 5 -1 2 &&
  says err 'the DLL is loaded, but it has not been initialised yet'
result $? 'attach: says what is known of a DLL whose start-up does not end'
end

finish
