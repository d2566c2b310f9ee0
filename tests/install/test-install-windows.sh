#!/bin/sh
# Tests what was installed by a cross build for Windows: pkg-config's flags, with the DLL and with the archive.
# Arguments: the build directory, the program that runs Windows programs, and the C compiler's command.
set -eu
. "$(dirname "$0")/../support/tap.sh"
build=$(CDPATH= cd -- "$1" && pwd)
source=$(CDPATH= cd -- "$(dirname -- "$0")/../.." && pwd)
runner=$2
shift 2
compiler=$*

# pkg-config for the installed libraries; their prefix is one of Windows.
flags () {
  prefix=$(dirname "$(find "$work/root" -type d -name mir-alloc -path '*/include/*')")/..
  export PKG_CONFIG_PATH="$prefix/lib/pkgconfig" PKG_CONFIG_SYSROOT_DIR=
  pkg-config --define-variable=prefix="$prefix" "$@"
}

serve () {
  program=$1
  shift
  $compiler -Wall -Wextra -Werror "$source/tests/install/$program.c" -o "$work/$program.exe" "$@"
  WINEPATH="Z:$(dirname "$(find "$work/root" -name 'libmir-alloc-1.dll')")" $runner "$work/$program.exe"
}

flags_are_the_programs_business () {
  meson install -C "$build" --no-rebuild --destdir "$work/root"
  flags --static --cflags --libs mir-alloc mir-alloc-mir mir-alloc-default >"$work/flags"
  has_line '-lmir-alloc' "$work/flags"
  has_no_line 'static-libgcc\|-z,' "$work/flags"
  flags --cflags --libs mir-alloc mir-alloc-mir >"$work/flags"
  has_no_line mimalloc "$work/flags"
}

dll_serves_a_program () {
  serve plain $(flags --cflags --libs mir-alloc)
  serve consumer $(flags --cflags --libs mir-alloc-mir mir-alloc-default)
}

archive_serves_a_program () {
  serve plain -static $(flags --static --cflags --libs mir-alloc)
  rm "$(find "$work/root" -name 'libmir-alloc-1.dll')"
  $runner "$work/plain.exe"
}

run flags_are_the_programs_business
run dll_serves_a_program
run archive_serves_a_program
finish
