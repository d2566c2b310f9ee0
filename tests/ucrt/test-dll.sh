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

for name in every_file_is_for_its_cpu dlls_need_ntdll_and_kernel32_alone programs_need_what_windows_has \
  no_symbols_are_left stripped_dlls_ask_for_every_protection \
  linked_programs_have_the_dll_first injected_program_runs_with_it \
  tool_starts_a_program_with_it; do
  run "$name"
done
finish
