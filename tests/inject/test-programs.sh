#!/bin/sh
# mir-inject on programs of a real linker: symbols stay, other tools read the same import table, the program runs
# with the DLL first, and eject restores every byte.  Prints TAP.
#
# usage: test-programs.sh MIR-INJECT SOURCES [WINE]   (the folder of this file; the command that runs
# programs, MIR-INJECT too)
set -u
. "$(dirname "$0")/../support/tap.sh"
tool=$1 sources=$2 wine=${3-}
gcc=x86_64-w64-mingw32-gcc gxx=x86_64-w64-mingw32-g++
for need in $gcc $gxx x86_64-w64-mingw32-objdump x86_64-w64-mingw32-nm; do
  command -v $need >/dev/null || skip_all "no $need"
done
cd "$work" || exit 1

explain () {
  tail -n 20 out
}

ours () { $wine "$tool" -l "$1" 2>>out | tr -d '\r' | sed -n '/^delayed/q; s/^ *[0-9]*: //p'; }
objdumps () { x86_64-w64-mingw32-objdump -p "$1" 2>>out | sed -n 's/^[\t ]*DLL Name: //p'; }
readobjs () { "$readobj" --coff-imports "$1" 2>>out | awk '/^Import [{]/ { on = 1 } /^DelayImport/ { on = 0 } on && $1 == "Name:" { print $2; on = 0 }'; }
readobj=$(command -v llvm-readobj || command -v llvm-readobj-14)

: >out
$gcc -dumpspecs | sed 's/-lmsvcrt/-lucrt/g' >ucrt.specs
# A DLL that only imports KERNEL32 and prints a line when it is initialised.
$gcc -O2 -shared -nostdlib -o mir-ucrt.dll "$sources/first.c" -Wl,-e,entry -lkernel32 >out 2>&1 &&
  $gcc -g -O2 -o msvcrt.exe "$sources/program.c" >>out 2>&1 &&
  $gcc -specs=ucrt.specs -D_UCRT -g -O2 -o ucrt.exe "$sources/program.c" >>out 2>&1 &&
  $gcc -specs=ucrt.specs -D_UCRT -s -O2 -o stripped.exe "$sources/program.c" >>out 2>&1 &&
  $gxx -specs=ucrt.specs -D_UCRT -static -g -O2 -o cpp.exe "$sources/program-cpp.cpp" >>out 2>&1
result $? 'the programs can be made'

for name in msvcrt ucrt stripped cpp; do
  : >out
  $wine "$tool" $name.exe >>out 2>&1 && [ "$(ours $name-mi.exe | head -n 1)" = mir-ucrt.dll ]
  result $? "$name: is injected into"
  x86_64-w64-mingw32-nm $name.exe >before 2>&1
  x86_64-w64-mingw32-nm $name-mi.exe >after 2>&1
  sed -i 's/-mi\.exe/.exe/' after # the name of the file, where there are no symbols
  [ -s before ] && cmp before after >>out
  result $? "$name: nm says the same"
  for which in $name $name-mi; do
    ours $which.exe >listed
    [ -s listed ] && objdumps $which.exe | cmp - listed >>out &&
      { [ -z "$readobj" ] || readobjs $which.exe | cmp - listed >>out; }
    result $? "$name: objdump${readobj:+ and llvm-readobj} list the modules of $which.exe as we do"
  done
  if [ -n "$wine" ]; then
    $wine $name.exe a b >plain 2>>out
    plain=$?
    $wine $name-mi.exe a b >run 2>>out
    [ $? = $plain ] && [ -s plain ] && head -n 1 run | grep -q '^the DLL is here first' && tail -n +2 run | cmp - plain >>out
    result $? "$name: runs as before, the DLL first"
  fi
  $wine "$tool" --verify $name-mi.exe >>out 2>&1
  result $? "$name: is verified"
  $wine "$tool" --eject -o back.exe $name-mi.exe >>out 2>&1 && cmp back.exe $name.exe >>out
  result $? "$name: comes back byte for byte"
  rm -f back.exe
  x86_64-w64-mingw32-strip -o thin.exe $name-mi.exe >>out 2>&1 && [ "$(ours thin.exe | head -n 1)" = mir-ucrt.dll ] &&
    { [ -z "$wine" ] || $wine thin.exe 2>>out | head -n 1 | grep -q '^the DLL is here first'; }
  result $? "$name: may be stripped afterwards"
  $wine "$tool" --eject -f -o back.exe thin.exe >>out 2>&1 && [ "$(ours back.exe)" = "$(ours $name.exe)" ]
  result $? "$name: and the DLL comes out of that too"
  rm -f back.exe
done

# Packed programs: the headers end behind the first bytes of sections, or are full.
upx=$(command -v upx || command -v upx-ucl)
if [ -n "$upx" ]; then
  for name in ucrt stripped cpp; do
    : >out
    rm -f packed.exe packed-mi.exe
    $upx -qq -o packed.exe $name.exe >>out 2>&1 && $wine "$tool" packed.exe >>out 2>&1 &&
      [ "$(ours packed-mi.exe | head -n 1)" = mir-ucrt.dll ] && $wine "$tool" --verify packed-mi.exe >>out 2>&1
    result $? "$name, packed by UPX: is injected into and verified"
    if [ -n "$wine" ]; then
      $wine packed.exe a b >plain 2>>out
      plain=$?
      $wine packed-mi.exe a b >run 2>>out
      [ $? = $plain ] && [ -s plain ] && head -n 1 run | grep -q '^the DLL is here first' && tail -n +2 run | cmp - plain >>out
      result $? "$name, packed by UPX: runs as before, the DLL first"
    fi
    $wine "$tool" --eject -o back.exe packed-mi.exe >>out 2>&1 && cmp back.exe packed.exe >>out
    result $? "$name, packed by UPX: comes back byte for byte"
    rm -f back.exe
  done
else
  skip 'packed programs' 'no upx'
fi

# An installer which checks its own bytes.
if command -v makensis >/dev/null; then
  cat >installer.nsi <<'END'
OutFile installer.exe
SilentInstall silent
RequestExecutionLevel user
InstallDir "$EXEDIR"
Section
File /oname=installed.exe ucrt.exe
SectionEnd
END
  : >out
  makensis -V2 '-XTarget amd64-unicode' installer.nsi >>out 2>&1
  $wine "$tool" installer.exe >said 2>&1
  [ $? = 1 ] && [ "$(wc -l <said)" = 1 ] && grep -q "an NSIS installer .*: start the program with 'mir-inject run'" said
  result $? 'an NSIS installer is refused'
  $wine "$tool" --verify installer.exe | tr -d '\r' >said
  grep -q '^  note  data: an NSIS installer behind the image' said
  result $? 'an NSIS installer is found as it was made'
  printf x | dd of=installer.exe bs=1 seek=1100 conv=notrunc 2>>out
  $wine "$tool" --verify installer.exe | tr -d '\r' >said
  grep -q '^  no    data: an NSIS installer behind the image' said
  result $? 'an NSIS installer that was changed is found out'
else
  skip 'an NSIS installer' 'no makensis'
fi

finish
