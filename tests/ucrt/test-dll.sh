#!/bin/sh
# What ./dev dll puts together, used as by a user who has nothing else.  Arguments: its folder, and a program linked
# to the UCRT that prints the DLL's status.  $WINEPREFIX is a prefix.
set -eu
here=$(CDPATH= cd -- "$(dirname "$0")" && pwd)
. "$here/../support/tap.sh"
made=$(realpath "$1") program=$(realpath "$2")

imports_of () {
  llvm-readobj --coff-imports "$1" | tr -d '\r' | sed -n 's/^  Name: //p' | tr 'A-Z' 'a-z' | sort -u
}

is_for () { # a file and a machine
  llvm-readobj --file-headers "$made/$1" >"$work/header"
  has_line "Machine: IMAGE_FILE_MACHINE_$2 " "$work/header"
}

every_file_is_for_its_cpu () {
  is_for mir-ucrt.dll AMD64
  is_for mir-inject.exe AMD64
  is_for x86/mir-ucrt.dll I386
  is_for x86/mir-inject.exe I386
  is_for arm64/mir-ucrt.dll ARM64
  for lib in libmir-ucrt.dll.a x86/libmir-ucrt.dll.a mir-ucrt.lib x86/mir-ucrt.lib arm64/mir-ucrt.lib; do
    grep -qa 'mir-ucrt.dll' "$made/$lib"
    llvm-nm "$made/$lib" 2>/dev/null >"$work/names"
    has_line ' _*MIR_ucrt_status$' "$work/names"
    has_line ' _*mi_version$' "$work/names"
  done
}

dlls_need_ntdll_and_kernel32_alone () {
  for dll in mir-ucrt.dll x86/mir-ucrt.dll arm64/mir-ucrt.dll; do
    imports_of "$made/$dll" >"$work/imports"
    cat "$work/imports"
    printf 'kernel32.dll\nntdll.dll\n' | cmp - "$work/imports"
  done
}

# No DLL that comes with a compiler.
programs_need_what_windows_has () {
  for exe in mir-inject.exe x86/mir-inject.exe; do
    imports_of "$made/$exe" >"$work/imports"
    has_line '^kernel32.dll$' "$work/imports"
    ! grep -v '^\(kernel32\|advapi32\|shell32\|api-ms-win-crt-[a-z0-9-]*\)\.dll$' "$work/imports"
  done
}

no_symbols_are_left () {
  for file in mir-ucrt.dll mir-inject.exe x86/mir-ucrt.dll x86/mir-inject.exe arm64/mir-ucrt.dll; do
    llvm-readobj --file-headers --sections "$made/$file" >"$work/header"
    has_line 'SymbolCount: 0' "$work/header"
    has_no_line 'Name: .*\.debug' "$work/header"
  done
  llvm-readelf --sections "$made/mir-inject" >"$work/sections"
  has_no_line '\.symtab\|\.debug' "$work/sections"
}

# The loader of Windows checks all of it; test-image.sh checks the same before the DLL is stripped.
stripped_dlls_ask_for_every_protection () {
  for pair in .=x86_64 x86=x86 arm64=aarch64; do
    sh "$here/test-image.sh" llvm-readobj "$made/${pair%=*}/mir-ucrt.dll" "${pair#*=}"
  done
}

# Link with GNU's linker for mingw $1, in the folder $2.  It sorts the import table by the paths of the import
# libraries as given, and a dot comes before the slash of the others.
link_program () {
  cat >"$work/linked.c" <<'EOF'
#include <stdio.h>
#include "mir-ucrt.h"
int main (void) {
  const MIR_ucrt_status_t *status = MIR_ucrt_status ();
  return printf ("state %u, late %u\n", status->state, status->crts[0].late) < 0;
}
EOF
  cd "$2"
  "$1-gcc-win32" -dumpspecs | sed 's/-lmsvcrt/-lucrt/g' >"$work/specs"
  "$1-gcc-win32" "-specs=$work/specs" -D_UCRT -Wall -Werror -I"$made" -o "$work/linked.exe" \
    "$work/linked.c" -L. -lmir-ucrt
  "$made/mir-inject" --list "$work/linked.exe" >"$work/list"
  has_line '^ *0: mir-ucrt.dll' "$work/list"
}

linked_programs_have_the_dll_first () {
  link_program i686-w64-mingw32 "$made/x86"
  link_program x86_64-w64-mingw32 "$made"
  cp "$made/mir-ucrt.dll" "$work/"
  cd "$work"
  wine ./linked.exe >out
  has_line '^state 1, late 0' out
}

injected_program_runs_with_it () {
  mkdir "$work/here"
  cp "$program" "$work/here/program.exe"
  cp "$made/mir-ucrt.dll" "$work/here/"
  cd "$work/here"
  "$made/mir-inject" program.exe
  MIR_UCRT_VERBOSE=1 wine ./program-mi.exe >out 2>err || { cat out; return 1; }
  has_line 'mir-ucrt: active: [0-9]* functions of ucrtbase.dll, taken over at start-up' err
}

# In the folder as it is, the tool finds the DLL of the program's CPU beside itself.
tool_starts_a_program_with_it () {
  mkdir "$work/there"
  cp "$program" "$work/there/program.exe"
  cd "$work/there"
  wine "$made/mir-inject.exe" run -- program.exe >out 2>err || { cat out err; return 1; }
  has_line '^state: active' out
}

# As the linker of LLVM 22 makes it for x64 processes on ARM64 Windows, which no system here can be.
arm64ec_dll_is_there () {
  [ -e "$made/arm64ec/mir-ucrt.dll" ] || {
    echo 'arm64ec needs clang-22, lld-22 and llvm-22: ./dev dll has left it out'
    exit 77
  }
}

# The header says x64, so that every loader takes it; the hybrid metadata says what is ARM64, and has the addresses of
# the emulator's helpers.
arm64ec_dll_is_hybrid () {
  arm64ec_dll_is_there
  ec=$made/arm64ec/mir-ucrt.dll
  od -A n -t x1 -j "$(($(od -A n -t u4 -j 60 -N 4 "$ec") + 4))" -N 2 "$ec" >"$work/machine"
  has_line '^ *64 86$' "$work/machine"
  llvm-readobj-22 --file-headers --coff-load-config "$ec" >"$work/ec"
  has_line 'Machine: IMAGE_FILE_MACHINE_ARM64EC ' "$work/ec"
  has_line '^CHPEMetadata \[' "$work/ec"
  has_line '^    0x[0-9A-F]* - 0x[0-9A-F]*  ARM64EC$' "$work/ec"
  has_line '^    0x[0-9A-F]* - 0x[0-9A-F]*  X64$' "$work/ec"
  for member in __os_arm64x_dispatch_call_no_redirect __os_arm64x_dispatch_ret __os_arm64x_dispatch_call \
    __os_arm64x_dispatch_icall __os_arm64x_dispatch_icall_cfg AuxiliaryIAT ExtraRFETable ExtraRFETableSize; do
    has_line "^  $member: 0x[1-9A-F]" "$work/ec"
  done
}

# Whatever is said of the other DLLs' files, of their imports, protections and sections, holds for this one.
arm64ec_dll_is_as_the_others () {
  arm64ec_dll_is_there
  sh "$here/test-image.sh" llvm-readobj-22 "$made/arm64ec/mir-ucrt.dll" arm64ec
  for dll in arm64 arm64ec; do
    llvm-readobj-22 --coff-exports "$made/$dll/mir-ucrt.dll" | sed -n 's/^  Name: \(.\)/\1/p' >"$work/exports-$dll"
    llvm-readobj-22 --coff-imports "$made/$dll/mir-ucrt.dll" | sed -n 's/^  Symbol: \([^ ]*\).*/\1/p' | sort -u \
      >"$work/imports-$dll"
    [ -s "$work/exports-$dll" ] && [ -s "$work/imports-$dll" ]
  done
  diff "$work/exports-arm64" "$work/exports-arm64ec"
  llvm-readobj-22 --file-headers --sections "$made/arm64ec/mir-ucrt.dll" >"$work/header"
  has_line 'SymbolCount: 0' "$work/header"
  has_no_line 'Name: .*\.debug' "$work/header"
}

# Import tables of an arm64ec DLL may name a module twice, once for each kind of code; the functions are ours.
arm64ec_dll_imports_what_it_should () {
  arm64ec_dll_is_there
  sed -n 's/^\([A-Za-z_][A-Za-z0-9_]*\).*/\1/p' "$here"/../../src/ucrt/*.imports | sort -u >"$work/known"
  llvm-readobj-22 --coff-imports "$made/arm64ec/mir-ucrt.dll" | sed -n 's/^  Symbol: \([^ ]*\).*/\1/p' | sort -u \
    >"$work/imported"
  [ -s "$work/imported" ]
  comm -23 "$work/imported" "$work/known" >"$work/foreign"
  cat "$work/foreign"
  [ ! -s "$work/foreign" ]
}

# Its own import library is for programs of arm64ec; those of x64 are linked with the x64 DLL's.
arm64ec_library_is_for_arm64ec () {
  arm64ec_dll_is_there
  llvm-readobj-22 --file-headers "$made/arm64ec/mir-ucrt.lib" >"$work/members"
  has_line 'Format: COFF-import-file-ARM64EC' "$work/members"
  llvm-nm-22 "$made/arm64ec/mir-ucrt.lib" 2>/dev/null >"$work/names"
  has_line ' #MIR_ucrt_status$' "$work/names"
  has_line ' #mi_version$' "$work/names"
}

# The take-over finds ARM64 functions behind exports as the linker makes them.
arm64ec_exports_are_read () {
  arm64ec_dll_is_there
  root=$here/../..
  gcc -Wall -Wextra -Werror -I"$root" -I"$root/src" -I"$root/tests" -o "$work/read" \
    "$root/tests/ucrt/patch/test-patch-arm64ec.c" "$root"/src/ucrt/patch*.c "$root/src/ucrt/crt-image.c" \
    "$root/src/ucrt/crt-arm64ec.c" "$root/tests/support/tap.c"
  "$work/read" "$made/arm64ec/mir-ucrt.dll"
}

# Its code runs under qemu-user, on a system that is made up; Windows has not loaded it.
arm64ec_dll_takes_over_where_windows_is_made_up () {
  arm64ec_dll_is_there
  sh "$here/arm64ec/run.sh" "$made/arm64ec/mir-ucrt.dll"
}

# The lines of the page that begin with $1, as they stand there.
lines_of_the_page () {
  sed -n "s|^    \($1 .*\)|\1|p" "$here/../../docs/windows-override.md" >lines
  cat lines
  [ "$(wc -l <lines)" = 1 ]
}

# Make a folder like the one of the page, with a program's source in C and in C++.
copy_of_the_folder () {
  cp -r "$made" "$work/$1"
  cd "$work/$1"
  cat >prog.c <<'EOF'
#include <stdio.h>
#include <stdlib.h>
#include <windows.h>
int main (int argc, char **argv) {
  char *p = malloc (100);
  for (int i = 0; argc > 2 && i < 600; i++) Sleep (100);
  printf ("%s %d\n", argc > 1 ? argv[1] : "nothing", p != NULL);
  free (p);
  return 0;
}
EOF
  cat >prog.cpp <<'EOF'
#include <cstdio>
#include <stdexcept>
#include <string>
#include <vector>
int main () {
  std::vector<std::string> texts (100, std::string (100, 'x'));
  try { throw std::runtime_error (texts[7]); } catch (const std::exception &e) { std::puts (e.what ()); }
}
EOF
}

# prog-mi.exe is taken over at its start.
program_is_taken_over () {
  ./mir-inject --verify prog-mi.exe >verified
  has_line 'ok    runtime: linked dynamically' verified
  MIR_UCRT_VERBOSE=1 wine ./prog-mi.exe >out 2>err
  cat out err
  has_line 'mir-ucrt: active: [0-9]* functions of ucrtbase.dll, taken over at start-up' err
}

program_of_the_page_is_injected_and_runs () {
  copy_of_the_folder page
  lines_of_the_page clang
  . ./lines
  lines_of_the_page 'wine mir-inject.exe run'
  . ./lines >out
  has_line '^args... 1' out
  lines_of_the_page './mir-inject prog.exe'
  . ./lines >out 2>err
  has_line '^args... 1' out
  has_line 'mir-ucrt: active: .*start-up' err
}

program_of_the_page_in_cpp_is_taken_over () {
  copy_of_the_folder cpp
  lines_of_the_page 'x86_64-w64-mingw32-g++-win32'
  . ./lines
  ./mir-inject prog.exe
  program_is_taken_over
  has_line '^xxxx' out
}

compiler_of_debian_13_needs_no_options () {
  command -v x86_64-w64-mingw32ucrt-gcc || {
    echo 'there is no gcc-mingw-w64-ucrt64'
    exit 77
  }
  copy_of_the_folder ucrt64
  lines_of_the_page x86_64-w64-mingw32ucrt-gcc
  . ./lines
  ./mir-inject prog.exe
  program_is_taken_over
}

linked_program_refers_to_the_dll_by_an_option () {
  copy_of_the_folder option
  option='-L. -lmir-ucrt -Wl,-u,mi_version'
  has_line "with mingw .$option. in the folder" "$here/../../docs/windows-override.md"
  lines_of_the_page clang
  sed "s/ prog\.c / prog.c $option /; s/prog\.exe/prog-mi.exe/" lines >linked
  . ./linked
  ./mir-inject --list prog-mi.exe >list
  has_line '^ *0: mir-ucrt.dll' list
  program_is_taken_over
}

process_of_the_page_is_attached_to () {
  copy_of_the_folder process
  unset WINEDLLOVERRIDES # which keep winedbg away
  lines_of_the_page clang
  . ./lines
  wine ./prog.exe waits long >waits &
  program=$!
  sleep 2
  lines_of_the_page 'wine winedbg'
  . ./lines | tr -d '\r' >processes
  id=0x$(sed -n 's/^[ =]*\([0-9a-f]*\) .*prog\.exe.*/\1/p' processes)
  lines_of_the_page 'wine mir-inject.exe attach'
  sed "s/0xf5c/$id/" lines >attach
  . ./attach >out 2>&1
  has_line 'active, [0-9]* functions taken over' out
  lines_of_the_page 'wine mir-inject.exe check'
  sed "s/0xf5c/$id/" lines >check
  . ./check >out
  has_line '^state  *active' out
  wine taskkill /f /pid "$((id))" >killed 2>&1 || cat killed
  wait "$program" || true
}

examples_of_minject_work () {
  copy_of_the_folder minject
  lines_of_the_page clang
  . ./lines
  ./mir-inject --list prog.exe >list
  has_line '^ *0: ' list
  ./mir-inject --force --inplace prog.exe
  ./mir-inject --force --inplace prog.exe
  ./mir-inject --list prog.exe >list
  has_line '^ *0: mir-ucrt.dll' list
  mv prog.exe prog-mi.exe
  program_is_taken_over
}

for name in every_file_is_for_its_cpu dlls_need_ntdll_and_kernel32_alone programs_need_what_windows_has \
  no_symbols_are_left stripped_dlls_ask_for_every_protection \
  arm64ec_dll_is_hybrid arm64ec_dll_is_as_the_others arm64ec_dll_imports_what_it_should \
  arm64ec_library_is_for_arm64ec arm64ec_exports_are_read \
  arm64ec_dll_takes_over_where_windows_is_made_up \
  linked_programs_have_the_dll_first injected_program_runs_with_it \
  tool_starts_a_program_with_it program_of_the_page_is_injected_and_runs program_of_the_page_in_cpp_is_taken_over \
  compiler_of_debian_13_needs_no_options linked_program_refers_to_the_dll_by_an_option \
  process_of_the_page_is_attached_to examples_of_minject_work; do
  run "$name"
done
finish
