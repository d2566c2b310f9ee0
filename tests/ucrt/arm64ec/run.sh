#!/bin/sh
# mir-ucrt.dll for arm64ec, $1, at work under qemu-user: its code takes over a C runtime that is made here, on a system
# that is made up.  Status 77 if a tool is missing, with the reason in the last line.
set -eu
here=$(CDPATH= cd -- "$(dirname "$0")" && pwd) root=$here/../../..
dll=$(realpath "$1")
for tool in clang-22 ld.lld-22 llvm-dlltool-22 aarch64-linux-gnu-gcc qemu-aarch64; do
  command -v "$tool" >/dev/null || {
    echo "needs $tool"
    exit 77
  }
done
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
cd "$work"
echo '#include <stdio.h>' | aarch64-linux-gnu-gcc -fsyntax-only -x c - 2>/dev/null || {
  echo "needs aarch64-linux-gnu-gcc with a C library"
  exit 77
}

# The C runtime, with the image parts and the import library of the DLL.
python3 "$root/src/ucrt/make-import-lib.py" llvm-dlltool-22 arm64ec KERNEL32.dll "$root/src/ucrt/kernel32.imports" \
  libkernel32.a
target=--target=arm64ec-w64-windows-gnu
for source in "$here/crt.c" "$root/src/ucrt/image.c" "$root/src/ucrt/image-arm64ec.c" \
  "$root/src/ucrt/builtins-aarch64.c"; do
  clang-22 $target -O2 -ffreestanding -fno-builtin -fno-stack-protector -Wall -Wextra -Werror \
    -Wno-incompatible-library-redeclaration -isystem "$root/subprojects/mingw-w64-headers/include" -c "$source" \
    -o "$(basename "$source" .c).o"
done
clang-22 $target -fuse-ld=lld -shared -nostdlib -o ucrtbase.dll ./*.o -L. -lkernel32 -Wl,-e,crt_entry \
  -Wl,-Xlink=-guard:cf

# x18 belongs to Windows.
aarch64-linux-gnu-gcc -static -O1 -g -ffixed-x18 -Wall -Wextra -Werror -I"$root" -I"$root/src" -I"$root/tests" \
  -o test-arm64ec "$here/test-arm64ec.c" "$here/loader.c" "$here/system.c" "$here/enter.S" "$root/tests/support/tap.c"
for mode in first late hooked refused forgotten; do
  echo "# $mode"
  qemu-aarch64 ./test-arm64ec "$dll" ucrtbase.dll "$mode"
done
