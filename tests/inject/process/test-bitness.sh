#!/bin/sh
# mir-inject of each bitness on programs of the other, and programs that start one another, in a Wine for both.
# Prints TAP.
#
# usage: test-bitness.sh X64 X86   (folders in which ./dev test ucrt builds)
set -u
. "$(dirname "$0")/../../support/tap.sh"
. "$(dirname "$0")/programs.sh"
x64=$(realpath "$1") x86=$(realpath "$2")
place=$(mktemp -d "$x64/bitness.XXXXXX") # every Wine here sees it
trap 'exec 9>&-; rm -rf "$work" "$place"' EXIT

# As ./dev dll puts it together, and beside x86's mir-inject the folder in which it looks for what x64 needs.
put () { # build folder, folder
  mkdir -p "$place/$2" && cp -- "$1/src/inject/mir-inject.exe" "$1/src/ucrt/mir-ucrt.dll" "$place/$2/" || exit 1
}
put "$x64" .
put "$x86" x86
put "$x64" x86/x64
cd "$place" || exit 1
cp -- "$x64/tests/inject/process/target.exe" x64.exe && cp -- "$x86/tests/inject/process/target.exe" x86.exe || exit 1

on_wine () { # program arguments...
  answer wine "$@"
}

taken () { # number: how many programs said that they were taken over
  [ "$(grep -c 'mir-ucrt: active: [1-9][0-9]* functions' err)" = "$1" ]
}

on_wine ./x86.exe exit 3
[ $status = 3 ] || skip_all 'this Wine runs no programs for x86'
on_wine ./x64.exe exit 3
[ $status = 3 ] || skip_all 'this Wine runs no programs for x64'

export MIR_UCRT_VERBOSE=1
# Name of a tool, tool, program of the other bitness, one of its own, and the ways by which the tool starts the other.
both () {
  name=$1 tool=$2 other=$3 own=$4 ways=$5
  for way in $ways; do
    [ $way = imports ] && when='at start-up' || when='taken over late'
    on_wine "$tool" run -v --require --via=$way "./$other.exe" exit 42
    [ $status = 42 ] && taken 1 && says err "$when" && says err "by $way: done"
    result $? "$name's mir-inject runs a program for $other by $way: $when"
  done
  for exit_status in 0x1ff 0xc0000005; do
    on_wine "./$own.exe" status "$tool" run --require "./$other.exe" exit $exit_status
    [ "$(cat out)" = $exit_status ] && taken 1
    result $? "$name's mir-inject gives the exit status $exit_status of a program for $other on"
  done
  on_wine "$tool" run --require "./$other.exe" args 'a b' 'c"d' '' 'x\'
  printf '[%s]\n' 'a b' 'c"d' '' 'x\' >want
  [ $status = 0 ] && cmp -s out want
  result $? "$name's mir-inject hands arguments over to a program for $other"

  on_wine "$tool" run --require "./$other.exe" status "./$own.exe" exit 7
  [ $status = 0 ] && [ "$(cat out)" = 0x7 ] && taken 1
  result $? "a program for $other that is taken over starts one for $own, which is not"
  on_wine "$tool" run --require "./$other.exe" status "$tool" run --require "./$own.exe" exit 8
  [ $status = 0 ] && [ "$(cat out)" = 0x8 ] && taken 2
  result $? "a program for $other that is taken over has $name's mir-inject start one for $own"
  on_wine "$tool" run --require "./$own.exe" status "$tool" run --require "./$other.exe" status "./$own.exe" exit 9
  [ $status = 0 ] && [ "$(cat out)" = "$(printf '0x9\n0x0')" ] && taken 2
  result $? "and the other way round, with a grandchild"

  begin wine "./$other.exe" spin
  on_wine "$tool" check "$id"
  [ $status = 1 ] && says out 'is not loaded'
  result $? "$name's mir-inject sees that a program for $other is not taken over"
  on_wine "$tool" attach "$id"
  [ $status = 0 ] && says err 'active, [1-9][0-9]* functions taken over'
  result $? "$name's mir-inject attaches to a program for $other"
  on_wine "$tool" check -v "$id"
  [ $status = 0 ] && says out '^state  *active$' && says out '^malloc  *taken  *intact'
  result $? "$name's mir-inject checks a program for $other"
  end
  result $? "the program for $other goes on and ends well"
}
both x64 ./mir-inject.exe x86 x64 imports
both x86 x86/mir-inject.exe x64 x86 'imports apc thread' # x64's does it for that one
# A program for x86 on a system for x64 has no kernel32.dll before it begins to run.
for way in apc thread; do
  on_wine ./mir-inject.exe run --require --via=$way ./x86.exe args x
  [ $status = 125 ] && [ ! -s out ] && says err 'LoadLibraryW was not found in it'
  result $? "x64's mir-inject says that it cannot run a program for x86 by $way"
done

# Each needs the DLL for the program, not the one for itself.
mv x86/mir-ucrt.dll other.dll
on_wine ./mir-inject.exe run --require ./x86.exe args x
[ $status = 125 ] && [ ! -s out ] && says err 'no mir-ucrt.dll for x86 beside mir-inject'
result $? "x64's mir-inject says that x86's DLL is missing"
on_wine ./mir-inject.exe run --require --dll=mir-ucrt.dll ./x86.exe args x
[ $status = 125 ] && [ ! -s out ] && says err 'mir-ucrt.dll is for x64, but the process is x86'
result $? "x64's mir-inject says that the DLL that was named is not x86's"
mv other.dll x86/mir-ucrt.dll
rm x86/x64/mir-inject.exe
on_wine x86/mir-inject.exe run --require ./x64.exe args x
[ $status = 125 ] && [ ! -s out ] && says err 'so x64.mir-inject.exe is needed beside this program'
result $? "x86's mir-inject says that it needs x64's for a program for x64"
begin wine ./x64.exe spin
on_wine x86/mir-inject.exe attach "$id"
[ $status = 3 ] && says err 'so x64.mir-inject.exe is needed beside this program'
result $? "and to attach to one"
end

finish
