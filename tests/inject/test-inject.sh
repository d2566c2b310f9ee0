#!/bin/sh
# The command mir-inject on files: what it prints, what it writes, and what it leaves alone on failure.
# Prints TAP.
#
# usage: test-inject.sh MAKE-IMAGES MIR-INJECT [WINE]   (two programs; the command that runs both)
set -u
. "$(dirname "$0")/../support/tap.sh"
. "$(dirname "$0")/../support/man-page.sh"
make_images=$1 tool=$2 wine=${3-} page=$(realpath "$(dirname "$0")/../../docs/mir-inject.1")
trap 'chmod -R u+w "$work"; rm -rf "$work"' EXIT
cd "$work" || exit 1

explain () {
  head -n 20 out err
}

mir_inject () { # lines of Windows end with a carriage return
  $wine "$tool" "$@" >out.raw 2>err.raw </dev/null
  status=$?
  tr -d '\r' <out.raw >out
  tr -d '\r' <err.raw >err
  return $status
}

make_images () {
  $wine "$make_images" "$@"
}

refuses_with () { # status, name, pattern of the whole line, arguments...
  wanted=$1 name=$2 pattern=$3
  shift 3
  mir_inject "$@"
  [ $? = "$wanted" ] && [ ! -s out ] && [ "$(wc -l <err)" = 1 ] && grep -Eqx "mir-inject: $pattern" err
  result $? "refuses $name"
}

refuses () {
  refuses_with 1 "$@"
}

refuses_usage () { # the same without the hint
  name=$1 pattern=$2
  shift 2
  refuses_with 2 "$name" "$pattern \(see --help\)" "$@"
}

fresh () { # the files for the next test
  chmod -R u+w . && rm -rf ./* && make_images kind 1 a.exe && cp a.exe a.old
}

fresh
mir_inject -l a.exe
cat >expected <<'END'
original imported modules (3):
   0: KERNEL32.dll
   1: api-ms-win-crt-heap-l1-1-0.dll
   2: USER32.dll

END
cmp out expected && [ ! -s err ]
result $? 'lists modules'
mir_inject -lv a.exe && grep -q '^        malloc$' out && grep -q '^        #5$' out &&
  grep -qx 'target architecture: x64' err && grep -qx "reading 'a.exe'" err
result $? 'lists functions too, and says what it does'
make_images kind 13 d.exe && mir_inject --list d.exe &&
  grep -A1 '^delayed modules (1):$' out | grep -qx '   0: delayed.dll'
result $? 'lists delayed modules'

mir_inject a.exe && grep -qx "wrote 'a-mi.exe' with new import order" out && [ ! -s err ] && cmp a.exe a.old &&
  mir_inject -l a-mi.exe && grep -qx '   0: mir-ucrt.dll' out && grep -qx 'original imported modules (4):' out
result $? 'injects into a copy which ends in -mi'
mir_inject inject --output b.exe a.exe && cmp b.exe a-mi.exe
result $? 'has a name for that, and another name for the result'
mir_inject --eject --output=b2.exe a-mi.exe && cmp b2.exe a.old && grep -q 'identical to the original' out
result $? 'ejects: each byte is as before'
mir_inject a-mi.exe && cmp a-mi.exe a-mi-mi.exe && grep -q 'with the same import order' out
result $? 'does not inject twice'
fresh
mir_inject a.exe && grep -qx "put 'mir-ucrt.dll' for x64 beside it: without the DLL the program does not start" out &&
  : >MIR-UCRT.dll && mir_inject -f a.exe && [ "$(cat out)" = "wrote 'a-mi.exe' with new import order" ] &&
  mir_inject --eject a-mi.exe && rm MIR-UCRT.dll && mir_inject -f --eject a-mi.exe && ! grep put out
result $? 'says that the DLL is not beside the program'
fresh
mir_inject --dll=my.dll --postfix=debug a.exe && mir_inject -lv a-mi.exe &&
  grep -A1 -x '   0: my-debug.dll' out | grep -qx '        #1'
result $? 'injects another DLL, with a postfix, by its first ordinal'
fresh
mir_inject --dll my.dll --symbol=begin --order='user32.dll;my.dll' a.exe && mir_inject -lv a-mi.exe &&
  grep -qx '   0: USER32.dll' out && grep -A1 -x '   1: my.dll' out | grep -qx '        begin'
result $? 'injects a function by name, in the order that is asked for'
fresh
cp a.exe mir-ucrt.dll && mir_inject a.exe && mir_inject -lv a-mi.exe &&
  grep -A1 -x '   0: mir-ucrt.dll' out | grep -qx '        #1'
result $? 'looks for the function in the DLL beside the program'

# The DLL would import itself, and not load.
fresh
make_images kind 33 mir-ucrt.dll && cp mir-ucrt.dll renamed.dll && cp mir-ucrt.dll dll.old && cp a.exe MIR-UCRT.DLL
for option in '--output x.dll' -i -if --dry-run; do
  refuses "the DLL itself: $option" 'mir-ucrt.dll: this is the DLL itself' $option mir-ucrt.dll
  refuses "the DLL, in another spelling: $option" 'MIR-UCRT.DLL: this is the DLL itself' $option MIR-UCRT.DLL
  refuses "the DLL by the name that it was linked with: $option" 'renamed.dll: this is the DLL itself' $option renamed.dll
done
refuses 'the DLL, by its path' './mir-ucrt.dll: this is the DLL itself' ./mir-ucrt.dll
refuses 'a result with the name of the DLL' 'a.exe: the result would have the name of the DLL: mir-ucrt.dll' \
  -f -o mir-ucrt.dll a.exe
cmp mir-ucrt.dll dll.old && cmp renamed.dll dll.old && cmp MIR-UCRT.DLL a.old && cmp a.exe a.old &&
  [ "$(ls | grep -Ecv '^(err|out)')" = 6 ]
result $? 'and writes nothing'
rm MIR-UCRT.DLL
cp a.exe z.exe && mir_inject -i ./*.exe ./*.dll
[ $? = 1 ] && [ "$(cat err)" = "$(printf 'mir-inject: ./%s: this is the DLL itself\n' mir-ucrt.dll renamed.dll)" ] &&
  ! cmp -s a.exe a.old && cmp a.exe z.exe && cmp mir-ucrt.dll dll.old && cmp renamed.dll dll.old
result $? 'edits the other files of the folder'
mir_inject --dll=my.dll mir-ucrt.dll && mir_inject -l mir-ucrt-mi.dll && grep -qx '   0: my.dll' out
result $? 'injects another DLL into it'

fresh
mir_inject --dry-run -v a.exe && [ ! -e a-mi.exe ] && grep -qx "would write 'a-mi.exe' with new import order" out &&
  grep -qx '   0: mir-ucrt.dll' out
result $? 'only says what it would do'
cp a.exe b.exe
mir_inject -i b.exe && cmp b.exe.bak a.old && ! cmp -s b.exe a.old && mir_inject -l b.exe &&
  grep -qx '   0: mir-ucrt.dll' out
result $? 'edits in place and keeps the old file'
refuses 'to overwrite a backup' ".*b.exe.bak' exists already \(use --force\)" -i --eject b.exe
mir_inject -i --eject --no-backup b.exe && cmp b.exe a.old
result $? 'ejects in place, without a backup'
mir_inject -i --eject b.exe && grep -qx "no changes: 'b.exe' stays as it is" out && cmp b.exe a.old
result $? 'leaves a file alone that has nothing to eject'
mir_inject a.exe && cp a.exe a-mi.exe
refuses 'to overwrite a result' "a.exe: 'a-mi.exe' exists already \(use --force\)" a.exe
cmp a-mi.exe a.old
result $? 'and has not'
mir_inject -f a.exe && ! cmp -s a-mi.exe a.old
result $? 'does if told to'

fresh
make_images kind 9 s.exe && mir_inject s.exe &&
  grep -qx "mir-inject: warning: 's.exe' was signed: the signature is not valid for the result and was removed" err
result $? 'warns that a signature goes'
mir_inject --eject -o s2.exe s-mi.exe && cmp s.exe s2.exe && [ ! -s err ]
result $? 'and gives it back'
make_images kind 8 o.exe && mir_inject o.exe && grep -q '^mir-inject: warning: .o.exe. has data behind the image' err
result $? 'warns that appended data moves'
refuses 'headers without room' 'f.exe: no room for a section: the headers fill their page' \
  "$(make_images kind 21 f.exe && echo f.exe)"

fresh
cp a.exe mir-ucrt.dll # exports nothing
mir_inject a.exe && mir_inject --verify a-mi.exe && grep -q '^  ok    layout: x64' out &&
  grep -q '^  ok    order: .* position 0$' out &&
  grep -q '^  ok    runtime: linked dynamically .*, 2 functions' out && grep -q '^  ok    dll: ' out
rc=$?
# This DLL imports a C runtime, so the answer is no anyway.
[ $rc != 0 ] && [ "$status" = 3 ] && grep -q '^  no    dll: .* itself imports .api-ms-win-crt-heap' out &&
  grep -q '^  ok    order: .* position 0$' out && grep -q '^  ok    runtime: linked dynamically .*, 2 functions' out
result $? 'verifies order, runtime and DLL'
rm mir-ucrt.dll
mir_inject --verify a.exe
[ "$status" = 3 ] && grep -q "^  no    order: 'mir-ucrt.dll' is not imported" out && grep -q '^  no    dll: .* not in the folder' out
result $? 'says that there is no DLL'
mir_inject --order='api-ms-win-crt-heap-l1-1-0.dll;mir-ucrt.dll' -f a.exe && mir_inject --verify a-mi.exe
[ "$status" = 3 ] && grep -q "^  no    order: 'api-ms-win-crt-heap-l1-1-0.dll' comes before 'mir-ucrt.dll'" out
result $? 'says that a C runtime comes first'
make_images kind 17 n.exe && mir_inject --verify n.exe
[ "$status" = 3 ] && grep -q '^  no    runtime: the C runtime is not linked dynamically' out
result $? 'says that there is no C runtime'
make_images kind 20 y.exe && mir_inject --verify y.exe
[ "$status" = 3 ] && grep -q "^  no    search: the program takes DLLs from the system's folder only" out
result $? 'says that the DLL would not be looked for here'

make_images kind 8 o.exe && mir_inject -f o.exe && mir_inject --verify o-mi.exe
grep -q '^  note  data: unknown data behind the image: ' out
result $? 'says what is behind the image'
(cat a.exe && head -c 511 /dev/zero) >z.exe && mir_inject z.exe && ! grep warning err &&
  { mir_inject --verify z-mi.exe || [ "$status" = 3 ]; } && ! grep data: out &&
  mir_inject --eject -o z2.exe z-mi.exe && cmp z.exe z2.exe
result $? 'takes zeros up to the alignment of the file for none'
(cat a.exe && head -c 512 /dev/zero) >z.exe && mir_inject -f z.exe && grep -q '^mir-inject: warning: .z.exe. has data behind' err &&
  (cat a.exe && head -c 200 /dev/zero && printf x) >z.exe && mir_inject -f z.exe &&
  grep -q '^mir-inject: warning: .z.exe. has data behind' err
result $? 'and nothing else'
make_images kind 28 bundle.exe && mir_inject -v bundle.exe &&
  grep -qx 'a .NET single-file bundle behind the image stays in place: the program has its offset' err &&
  ! grep warning err
result $? 'leaves a .NET bundle where it is'
mir_inject --verify bundle-mi.exe
grep -qx '  ok    data: a .NET single-file bundle behind the image: in its place' out &&
  mir_inject --eject -o back.exe bundle-mi.exe && cmp back.exe bundle.exe
result $? 'verifies that, and ejects'
(head -c 2048 bundle.exe && head -c 512 /dev/zero && tail -c +2049 bundle.exe) >moved.exe
mir_inject --verify moved.exe
[ "$status" = 3 ] && grep -q '^  no    data: a .NET single-file bundle behind the image: not as the program looks for it' out
result $? 'says that a .NET bundle has been moved'
refuses 'a .NET bundle that would have to move' \
  "room.exe: a .NET single-file bundle must stay in place, but .*: start the program with 'mir-inject run'" \
  "$(make_images kind 30 room.exe && echo room.exe)"
make_images kind 24 k.exe
refuses 'a driver, by name' \
  'k.exe: a driver or another program of the native subsystem, not a Windows program for x86, x64 or arm64' k.exe
mir_inject --verify k.exe
[ "$status" = 3 ] && grep -q '^  no    layout: a driver .* (machine 0x8664, subsystem 1), not a Windows program$' out
result $? 'says of a driver that it is one'

fresh
if command -v python3 >/dev/null; then
  mir_inject --json --list a.exe && python3 -c '
import json
r = json.load(open("out"))
assert len(r) == 1 and r[0]["file"] == "a.exe" and r[0]["machine"] == "x64" and r[0]["format"] == "PE32+", r
assert [m["name"] for m in r[0]["imports"]] == ["KERNEL32.dll", "api-ms-win-crt-heap-l1-1-0.dll", "USER32.dll"], r
assert r[0]["imports"][0]["functions"] == 2 and r[0]["warnings"] == [], r' 2>>err
  result $? 'lists as JSON'
  cp a.exe 'odd "name\".exe'
  mir_inject --json a.exe missing.exe a.old 'odd "name\".exe'
  [ "$status" = 1 ] && python3 -c '
import json
r = json.load(open("out"))
assert [x["file"] for x in r] == ["a.exe", "missing.exe", "a.old", "odd \"name\\\".exe"], r
assert r[0]["wrote"] == "a-mi.exe" and r[0]["changed"] is True and r[0]["imports"][0]["name"] == "mir-ucrt.dll", r
assert "missing.exe" in r[1]["error"] and r[2]["wrote"] == "a-mi.old", r' 2>>err
  result $? 'does several files, and says as JSON what became of each'
  mir_inject --json --fast a.exe
  [ "$status" = 2 ] && [ "$(cat out)" = '[]' ] && grep -q "^mir-inject: unknown option '--fast'" err
  result $? 'is JSON also if the arguments are wrong'
  mir_inject --json --verify a.exe
  [ "$status" = 3 ] && python3 -c '
import json
r = json.load(open("out"))[0]
assert r["verified"] is False, r
assert {c["check"]: c["answer"] for c in r["checks"]}["runtime"] == "ok", r' 2>>err
  result $? 'verifies as JSON'
fi

fresh
mir_inject --order='user32.dll;kernel32.dll;USER32.dll' a.exe && mir_inject -l a-mi.exe &&
  grep -qx '   1: USER32.dll' out && grep -qx '   2: KERNEL32.dll' out
result $? 'takes a module that --order names twice where it is named first'
mir_inject --eject --force --dll=user32.dll -o b.exe a.exe && [ ! -s err ]
result $? 'does not speak of an injection that there was not'

fresh
mir_inject --dll=my.dll -o m.exe a.exe
refuses "to eject another DLL's injection, and says which" \
  "m.exe: 'mir-ucrt.dll' is not imported, but 'my.dll' was injected: use --dll=my.dll" --eject -o b.exe m.exe
mir_inject --eject --dll=my.dll -o b.exe m.exe && cmp b.exe a.old
result $? 'and does as it says'
runtime () { # the image with another C runtime; both names have as many bytes, the rest are zeros
  python3 -c '
import sys
name, file = sys.argv[1].encode(), sys.argv[2]
old = b"api-ms-win-crt-heap-l1-1-0.dll"
image = open("a.old", "rb").read()
assert image.count(old) == 1
open(file, "wb").write(image.replace(old, name.ljust(len(old), b"\0")))' "$1" "$2"
}
if command -v python3 >/dev/null; then
  for name in msvcrt.dll MSVCR120.dll; do
    runtime $name r.exe && mir_inject -f r.exe &&
      grep -qx "mir-inject: warning: 'r.exe' is linked with '$name', which 'mir-ucrt.dll' only takes over if the variable MIR_UCRT_CRTS names it" err &&
      mir_inject -f --dll=my.dll r.exe && ! grep MIR_UCRT_CRTS err
    result $? "warns of $name, and only for our DLL"
    mir_inject --verify r.exe
    grep -qx "  note  runtime: '$name' is only taken over if MIR_UCRT_CRTS names it" out && ! grep 'runtime: linked' out
    result $? "verifies $name the same way"
  done
  runtime ucrtbased.dll r.exe
  mir_inject --verify r.exe
  grep -qx "  note  runtime: 'ucrtbased.dll' is a debug runtime, which is only taken over at start-up" out &&
    grep -q "^  ok    runtime: linked dynamically ('ucrtbased.dll'), " out && [ "$(grep -c runtime: out)" = 2 ]
  result $? 'says when the debug runtime is taken over'
fi

fresh
echo text >t.txt && : >empty && head -c 300 a.exe >cut.exe
refuses_usage 'no arguments' "no file is named"
refuses_usage 'an unknown option' "unknown option '--fast'" --fast a.exe
refuses_usage 'an unknown letter' "unknown option '-x'" -lx a.exe
refuses_usage 'an option without its value' '--dll needs a value' a.exe --dll
refuses_usage 'a folder in the name of the DLL' "not the name of a DLL: '\.\./x.dll'" --dll=../x.dll a.exe
refuses_usage 'a name beyond ASCII' "not the name of a DLL: 'grün.dll'" --dll=grün.dll a.exe
refuses_usage 'a postfix beyond ASCII' "not a postfix for the name of a DLL: 'grün'" --postfix=grün a.exe
refuses_usage 'a name of dots' "not the name of a DLL: '\.\.'" --dll=.. a.exe
refuses_usage 'a postfix which is none' '--postfix needs a value' --postfix= a.exe
refuses_usage 'a DLL that is named twice' '--dll is given twice' --dll=a.dll --dll=b.dll a.exe
refuses_usage 'a value that is not wanted' '--force takes no value' --force=yes a.exe
refuses_usage 'an order for what goes' '--symbol and --order are only allowed when a DLL is injected' --eject --order=x.dll a.exe
refuses_usage 'a list with a name' '--list and --verify change nothing: --output .*' --list -o b.exe a.exe
refuses_usage 'no backup of what stays' '--no-backup needs --inplace' --no-backup a.exe
refuses_usage 'two actions' '.*exclude each other' --list --eject a.exe
refuses 'a file that is not there' 'unable to open file: none.exe: .*' none.exe
refuses 'another file' 't.txt: not a valid PE file \(invalid DOS magic number\)' t.txt
cp t.txt a && refuses 'a file whose name is a letter, by its name' 'a: not a valid PE file \(.*\)' a
rm a
long=$(printf '%0120d' 0)
refuses 'a long name, with the reason' 'unable to open file: [0/]*/none.exe: .+' \
  "$long/$long/none.exe"
refuses 'an empty file' 'empty: not a valid PE file \(invalid DOS magic number\)' empty
refuses 'a file cut off' 'cut.exe: not a valid PE file \(the file ends before .*\)' cut.exe
refuses 'a module that is not imported' "a.exe: module 'x.dll' of --order is not imported" --order=x.dll a.exe
refuses 'to eject what was not injected' \
  "a.exe: module 'user32.dll' was not injected by this tool: the program may call it \(use --force\)" --eject --dll user32.dll a.exe
mir_inject --help && [ ! -s err ] && [ "$(wc -l <out)" -le 24 ]
result $? 'has its help on one screen'
lists_options "$page" out >err
result $? 'the manual page lists the options of the help'
mir_inject --version && grep -Eqx 'mir-inject [0-9.]+' out
result $? 'has a version'
[ "$(ls)" = "$(printf '%s\n' a.exe a.old cut.exe empty err err.raw out out.raw t.txt)" ] && cmp a.exe a.old
result $? 'leaves nothing behind when it refuses'

# What only exists on POSIX systems.
case $wine in
?*)
  skip 'disk full, killed, read-only, links' 'files of Linux'
  ;;
*)
  fresh
  chmod 751 a.exe && ln -s a.exe link.exe && mir_inject -i link.exe && [ -L link.exe ] &&
    [ "$(stat -c %a a.exe a.exe.bak | uniq)" = 751 ] && ! cmp -s a.exe a.old && cmp a.exe.bak a.old
  result $? 'edits what a symbolic link leads to, and keeps its mode'
  fresh
  chmod 4750 a.exe && mir_inject a.exe && [ "$(stat -c %a a-mi.exe)" = 4750 ]
  result $? 'gives a result the mode of the file'
  fresh
  echo precious >other && ln -s other a-mi.exe && mir_inject -f a.exe && [ ! -L a-mi.exe ] &&
    [ "$(cat other)" = precious ]
  result $? 'does not write through a symbolic link'
  fresh
  mkfifo a-mi.exe && refuses 'to replace a pipe, or a device' 'a.exe: not a file: a-mi.exe' -f a.exe
  [ -p a-mi.exe ] && refuses 'to replace a folder' 'a.exe: not a file: \.' -f -o . a.exe
  fresh
  name=$(printf 'x\n\033[31m.exe')
  cp a.exe "$name" && mir_inject --json "$name" && python3 -c '
import json
r = json.load(open("out"))[0]
assert r["file"] == "x\n\033[31m.exe" and r["wrote"] == "x\n\033[31m-mi.exe", r' 2>>err && mir_inject -f "$name" &&
    grep -qx "wrote 'x??.31m-mi.exe' with new import order" out
  result $? 'prints names with control characters so that a terminal does not obey them'
  fresh
  mkfifo pipe.exe && refuses 'a pipe, without waiting for it' 'not a file: pipe.exe' pipe.exe
  refuses 'a folder' 'not a file: \.' .

  fresh
  make_images large 3000000 big.exe && cp big.exe big.old
  (
    ulimit -f 1000
    mir_inject -i big.exe
    [ $? = 1 ] && grep -q '^mir-inject: unable to write file: .*big.exe: File too large$' err
  ) && cmp big.exe big.old && [ ! -e big.exe.bak ] && [ -z "$(find . -name '.*mir*' -o -name '*.mir-*')" ]
  result $? 'leaves the file as it was when it may not write that much'
  if unshare -rm sh -c 'mkdir full && mount -t tmpfs -o size=4m none full' 2>/dev/null; then
    cat >full.sh <<'END'
mount -t tmpfs -o size=4m none full && cp big.exe full/ && cd full || exit 9
"$@" -i big.exe 2>../err </dev/null
[ $? = 1 ] && cmp big.exe ../big.old && [ "$(ls -A)" = big.exe ]
END
    unshare -rm sh full.sh "$tool" && grep -q '^mir-inject: unable to write file: .*big.exe: No space left on device$' err
    result $? 'leaves the file as it was when the disk is full'
  else
    skip 'leaves the file as it was when the disk is full' 'no file system can be mounted here'
  fi

  if [ -c /dev/full ]; then
    fresh
    fails=0
    for arguments in --help --version '--list a.exe' '--json --dry-run a.exe'; do
      "$tool" $arguments >/dev/full 2>err </dev/null
      [ $? = 1 ] && grep -qx 'mir-inject: unable to write to standard output' err && fails=$((fails + 1))
    done
    [ $fails = 4 ]
    result $? 'fails when standard output is full'
  fi

  fresh
  mkdir ro && cp a.exe ro && chmod 555 ro && chmod 755 .
  as_nobody= # root may write everywhere
  [ "$(id -u)" != 0 ] || as_nobody='setpriv --reuid=65534 --regid=65534 --clear-groups'
  $as_nobody "$tool" -i ro/a.exe >out 2>err </dev/null
  [ $? = 1 ] && grep -q '^mir-inject: .*unable to write to folder: .*/ro/: Permission denied$' err && cmp ro/a.exe a.old &&
    [ "$(ls -A ro)" = a.exe ]
  result $? 'leaves the file as it was in a read-only folder'

  # Killed at 40 moments between its start and its end: the old file or the new one is there, complete.
  fresh
  make_images large 40000000 big.exe && cp big.exe big.old && mir_inject big.exe && cp big-mi.exe big.new
  whole=1 killed=0 done=0
  for ms in $(seq 1 4 160); do
    rm -f big.exe.bak && cp big.old big.exe
    "$tool" -i big.exe >/dev/null 2>&1 </dev/null &
    sleep "$(printf '0.%03d' "$ms")"
    kill -9 $! 2>/dev/null
    wait $! 2>/dev/null
    [ $? = 137 ] && killed=$((killed + 1))
    if cmp -s big.exe big.new; then done=$((done + 1)); else cmp big.exe big.old || whole=0; fi
    [ ! -e big.exe.bak ] || cmp big.exe.bak big.old || whole=0
  done
  echo "# killed $killed times of 40, $done times after it had replaced the file"
  [ $whole = 1 ] && [ $killed -gt 0 ]
  result $? 'leaves a whole file wherever it is killed'
  ;;
esac

finish
