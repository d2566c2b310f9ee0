#!/bin/sh
# mir-inject run, attach and check, with a DLL that only claims to have taken something over.
# Prints TAP.
#
# usage: test-process.sh WINE MIR-INJECT TARGET DLL...
# WINE is the command that runs programs; if it is empty, $UCRT_WINE is, and without both the test is skipped.
set -u
. "$(dirname "$0")/../../support/tap.sh"
. "$(dirname "$0")/programs.sh"
wine=${1:-${UCRT_WINE-}}
[ -n "$wine" ] || skip_all "${UCRT_WINE_MISSING:-UCRT_WINE is not set}"
shift
cp -- "$@" "$work" || exit 1 # DLLs in a folder of their own: the one which needs another does not find it
trap 'exec 9>&-; rm -rf "$work"' EXIT
cd "$work" || exit 1
tool=mir-inject.exe

inject () { # arguments...
  answer $wine "$tool" "$@"
}

begin_target () { # kind of its DLL, if it gets one, and its own
  STAND_IN=$1 begin $wine ./target.exe "$2"
}

# --- run

inject run --dll=stand-in.dll ./target.exe args 'a b' 'c"d' '' 'x\' '\\"' 'y z\\' 'ä€' '%PATH%' '*'
printf '[%s]\n' 'a b' 'c"d' '' 'x\' '\\"' 'y z\\' 'ä€' '%PATH%' '*' >"$work/want"
[ $status = 0 ] && cmp -s "$work/out" "$work/want"
result $? 'run hands arguments over as they are'

inject run --dll=stand-in.dll ./target.exe argv 'a b' 'c"d' '' 'x\' '\\"' 'y z\\' '*'
printf '[%s]\n' 'a b' 'c"d' '' 'x\' '\\"' 'y z\\' '*' >"$work/want"
[ $status = 0 ] && sed '$d' "$work/out" >"$work/most" && sed '$d' "$work/want" | cmp -s - "$work/most"
result $? 'the C runtime splits them so too'

printf 'one\ntwo\n' | $wine "$tool" run --dll=stand-in.dll ./target.exe echo >"$work/raw" 2>"$work/err"
tr -d '\r' <"$work/raw" >"$work/out"
printf 'one\ntwo\n' | cmp -s - "$work/out"
result $? 'run hands standard input and output over'

for way in imports apc thread; do
  inject run -v --require --via=$way --dll=stand-in.dll ./target.exe exit 42
  [ $status = 42 ] && says err "by $way: done" && says err 'taken over: 2 functions'
  result $? "run by $way, and nothing of the program before"
done

for exit_status in 0x0 0x1ff 0xc0000005 0xffffffff; do
  $wine ./target.exe status "$tool" run --dll=stand-in.dll ./target.exe exit $exit_status \
    >"$work/raw" 2>"$work/err"
  tr -d '\r' <"$work/raw" >"$work/out"
  [ "$(cat "$work/out")" = $exit_status ]
  result $? "run gives the exit status $exit_status on"
done

export STAND_IN=refused
inject run --require --dll=stand-in.dll ./target.exe args x
[ $status = 125 ] && [ ! -s "$work/out" ] && says err 'refused: page heap is on' && says err 'so it was ended'
result $? '--require: if the DLL refuses, nothing of the program runs'
inject run --via=thread --dll=stand-in.dll ./target.exe args x
[ $status = 0 ] && says out '\[x\]' && says err 'not seen to be taken over: refused: page heap is on'
result $? 'without --require the program runs, and the refusal is printed'
STAND_IN=raises
inject run --via=thread --dll=stand-in.dll ./target.exe args x
[ $status = 0 ] && says out '\[x\]' && says err 'raised an exception'
result $? 'run reports an exception in the DLL'
STAND_IN=false
inject run --dll=stand-in.dll ./target.exe args x
[ ! -s "$work/out" ] && says err 'STATUS_DLL_INIT_FAILED'
result $? 'a first import that fails ends the program, and run says so'
STAND_IN=hangs
inject run --require --timeout=1 --dll=stand-in.dll ./target.exe args x
[ $status = 125 ] && [ ! -s "$work/out" ]
result $? '--require does not wait for ever'
unset STAND_IN

inject run --dll=stand-in.dll no-such-program
[ $status = 127 ] && says err 'no-such-program was not found'
result $? 'run of nothing is 127'
echo 'exit 3' >"$work/script.bat"
inject run --dll=stand-in.dll "$work/script.bat"
[ $status = 126 ] && says err 'is a batch file'
result $? 'run of a batch file is 126, and says what to do'
mkdir "$work/folder"
inject run --dll=stand-in.dll "$work/folder"
[ $status = 126 ] && says err 'folder is a folder'
result $? 'run of a folder is 126'
cp stand-in.dll mir-ucrt.dll
python3 - <<'PY'
dll = bytearray(open('mir-ucrt.dll', 'rb').read())
at = int.from_bytes(dll[60:64], 'little') + 4
dll[at:at + 2] = (0xaa64).to_bytes(2, 'little')
open('mir-ucrt.dll', 'wb').write(dll)
PY
inject run ./target.exe exit 5
[ $status = 5 ] && says err 'the one that is there is for arm64'
result $? 'run reports a DLL beside it that is for another CPU'
rm mir-ucrt.dll
echo 'not a program' >"$work/text.exe"
inject run --dll=stand-in.dll "$work/text.exe"
[ $status = 126 ] && says err 'not a program for this system'
result $? 'run of a text file is 126'
inject run --dll=no-such.dll ./target.exe exit 5
[ $status = 5 ] && says err 'there is no file no-such.dll'
result $? 'without the DLL the program runs, and run says so'
inject run --require --dll=no-such.dll ./target.exe args x
[ $status = 125 ] && [ ! -s "$work/out" ]
result $? '--require: without the DLL the program does not run'

# --- check and attach

begin_target active spin
inject check "$id"
[ $status = 1 ] && says out 'is not loaded'
result $? 'check: not loaded is 1'
inject attach -v --dll=stand-in.dll "$id"
[ $status = 0 ] && says err 'active, 2 functions taken over'
result $? 'attach to a process that runs'
inject check -v "$id"
[ $status = 0 ] && says out '2 of 2 intact' && says out '28 migrated' && says out '^free  *taken  *intact'
result $? 'check: active and intact is 0'
inject check --json "$id"
[ $status = 0 ] && python3 - "$work/out" "$id" <<'PY'
import json, sys
status = json.load(open(sys.argv[1], encoding='utf-8'))
assert status['process'] == int(sys.argv[2]) and status['ok'] and status['state'] == 'active', status
assert [f['name'] for f in status['functions'] if f['state'] == 'taken'] == ['malloc', 'free'], status
assert status['migrated'] == 28 and status['dll'].lower().endswith('\\stand-in.dll'), status
PY
result $? 'check --json is JSON with the same'
inject attach --dll=stand-in.dll "$id"
[ $status = 0 ] && says err 'already attached'
result $? 'attach a second time says so and does nothing'
end
[ $ended = 0 ]
result $? 'the process went on and ended well'

begin_target active stopped
inject check "$id"
[ $status = 1 ]
result $? 'check examines a process which has not begun'
inject attach --dll=stand-in.dll "$id"
[ $status = 0 ] && inject check "$id" && [ $status = 0 ]
result $? 'attach to a process which has not begun'
end

begin_target active gone
inject attach --dll=stand-in.dll "$id"
[ $status = 3 ] && says err 'the process has ended'
result $? 'attach to a process that has ended says so'
inject check --json "$id"
[ $status = 3 ] && python3 -c "
import json
status = json.load(open('$work/out'))
assert status['process'] == $id and status['ok'] is False and 'ended' in status['reason'], status"
result $? 'check --json is JSON also then'
end

# The process ends somewhere between being found and having the DLL.
told=0 others=
for ms in 20 30 40 45 50 55 60 65 70 75 80 85 90 100; do
  begin_target active spin
  (inject attach --dll=stand-in.dll "$id") 9>&- &
  sleep "$(printf '0.%03d' $ms)"
  exec 9>&-
  wait $! "$child"
  grep -Eqx 'mir-inject: (process [0-9]+: active, 2 functions taken over|.*: there is no such process|.*: the process has ended|.*: the process ended meanwhile, with status 0x0)' \
    "$work/err" || others="$others $(cat "$work/err")"
  grep -q ended "$work/err" && told=$((told + 1))
done
echo "# $told of 14 ended between"
[ -z "$others" ] || echo "# $others"
[ -z "$others" ]
result $? 'attach to a process that is about to end'

check_kind () { # kind status pattern...
  kind=$1 want=$2
  shift 2
  begin_target "$kind" spin
  inject attach --dll=stand-in.dll "$id"
  inject check "$id"
  ok=0
  [ $status = "$want" ] || ok=1
  for pattern; do says out "$pattern" || ok=1; done
  if [ "$ok" = 0 ]; then
    inject check --json "$id"
    [ $status = "$want" ] && python3 -m json.tool "$work/out" >/dev/null || ok=1
  fi
  result $ok "check: $kind is $want"
  end
}

check_kind refused 2 'refused: nothing was changed: page heap is on'
check_kind waiting 2 'waiting: no C runtime'
check_kind disabled 2 'disabled by the environment'
check_kind failed 2 failed
check_kind starting 2 starting
check_kind counting 0 'calls  *42$'
check_kind overwritten 2 '1 of 2 intact' '^overwritten  *free'
check_kind unreadable 2 '1 of 2 intact'
check_kind wrong 2 'wrong result malloc'
check_kind magic 3 'does not begin as a status does'
check_kind silent 3 'has not been initialised'
check_kind version 3 'its version is unknown'
check_kind size 3 'its size'
check_kind huge 3 'more functions than'
check_kind crts 3 'more C runtimes than'
check_kind owner 3 'belongs to no C runtime'
check_kind unended 0 'xxx$'
check_kind controls 0 'a?\[31mb?c?"\\'

attach_fails () { # name kind dll status pattern
  begin_target "$2" spin
  inject attach --timeout=1 --dll="$3" "$id"
  [ $status = "$4" ] && says err "$5"
  result $? "attach: $1"
  end
}

attach_fails 'an exception in the DLL' raises stand-in.dll 1 'raised an exception'
attach_fails 'a DLL that says no' false stand-in.dll 1 'start-up failed'
attach_fails 'a DLL that is not there' active no-such.dll 3 'there is no file no-such.dll'
attach_fails 'a DLL that needs another' active needs.dll 1 'another one that it needs, is not there'
attach_fails 'a file that is no DLL' active "$work/text.exe" 3 'is no DLL'
attach_fails 'a status that is cut off' active short.dll 3 'cut off'
attach_fails 'a process that ends meanwhile' ends stand-in.dll 3 'ended meanwhile, with status 0x7'
[ "$ended" = 7 ]
result $? 'the exit status of the process is its own'
# The stand-in, with another CPU in its header.
python3 - <<'PY'
dll = bytearray(open('stand-in.dll', 'rb').read())
at = int.from_bytes(dll[60:64], 'little') + 4
dll[at:at + 2] = (0xaa64).to_bytes(2, 'little')
open('other.dll', 'wb').write(dll)
PY
attach_fails 'a DLL for another CPU' active other.dll 3 'is for arm64, but the process is x'

begin_target hangs spin
inject attach --timeout=1 --dll=stand-in.dll "$id"
[ $status = 3 ] && says err 'not been initialised' || { [ $status = 1 ] && says err 'did not load the DLL within 1.0 s'; }
result $? 'attach: a DLL that hangs is given up'
end

inject check 4294967292
[ $status = 3 ] && says err 'no such process'
result $? 'check: no such process is 3'
inject attach 4294967292
[ $status = 3 ] && says err 'no such process'
result $? 'attach: no such process is 3'

finish
