#!/bin/sh
# mir-ucrt.dll in programs for arm64, under Wine for arm64 in an emulator.  There is no C runtime to link them to: their
# imports are made from lists of names.  Arguments: the DLL, and the command that runs programs.
set -eu
here=$(CDPATH= cd -- "$(dirname "$0")" && pwd)
. "$here/../support/tap.sh"
dll=$(realpath "$1")
shift
launch=$*
place=$(mktemp -d "$(dirname "$dll")/arm64.XXXXXX") # every Wine here sees it
trap 'rm -rf "$work" "$place"' EXIT
cd "$place"
cp "$dll" .

import () { # library, names...
  library=$1
  shift
  {
    echo "LIBRARY $library"
    echo EXPORTS
    printf '%s\n' "$@"
  } >"$library.def"
  llvm-dlltool -m arm64 -d "$library.def" -l "$library.a"
}

compile () { # program, source, import libraries in their order
  program=$1 source=$2
  shift 2
  clang --target=aarch64-w64-windows-gnu -isystem /usr/share/mingw-w64/include -I"$here/../.." -D_WIN32_WINNT=0x0601 \
    -ffreestanding -fno-builtin -O1 -Wall -Wextra -fuse-ld=lld -nostdlib -Wl,-e,start -o "$program" "$source" "$@"
}

programs_can_be_made () {
  import mir-ucrt.dll MIR_ucrt_status MIR_ucrt_check mi_any_heap_contains
  import ucrtbase.dll malloc calloc realloc _recalloc free _msize _aligned_malloc _aligned_realloc _aligned_free _strdup
  import KERNEL32.dll GetStdHandle WriteFile ExitProcess GetEnvironmentVariableA GetModuleHandleA LoadLibraryA \
    FreeLibrary GetProcAddress CreateThread WaitForSingleObject GetExitCodeThread
  compile first.exe "$here/start-arm64.c" -DLATE=0 ./mir-ucrt.dll.a ./ucrtbase.dll.a ./KERNEL32.dll.a
  compile late.exe "$here/start-arm64.c" -DLATE=1 ./ucrtbase.dll.a ./mir-ucrt.dll.a ./KERNEL32.dll.a
  compile before.exe "$here/before-crt.c" ./KERNEL32.dll.a
}
run programs_can_be_made

works () { # program, when
  MIR_UCRT_VERBOSE=1 timeout 300 $launch ./$1 >out 2>err || {
    cat out err
    return 1
  }
  tr -d '\r' <out >table
  cat table err
  has_line '^ok 11 - ' table
  has_no_line '^not ok ' table
  has_line "mir-ucrt: active: [1-9][0-9]* functions of ucrtbase.dll, taken over $2" err
}

the_dll_comes_first () { works first.exe 'at start-up'; }

the_dll_comes_late () { works late.exe late; }

# As before-crt.c says.
the_c_runtime_comes_later () {
  TEST_LATE="Z:$(echo "$place/mir-ucrt.dll" | tr / '\\')" timeout 300 $launch ./before.exe >out 2>&1 || {
    cat out
    return 1
  }
  tr -d '\r' <out >table
  printf 'waiting\nactive\nactive again\n' >want
  grep -Fxf want table | cmp - want
}

run the_dll_comes_first
run the_dll_comes_late
run the_c_runtime_comes_later
finish
