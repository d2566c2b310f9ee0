#!/bin/sh
# Tests how other projects use the library for Windows: installs the directory that is the argument, compiled by mingw,
# compiles programs of examples/hello with what was installed, shared and static, and runs them under Wine.  Prints TAP.
set -eu
. "$(dirname "$0")/../support/tap.sh"
. "$(dirname "$0")/hello.sh"
build=$(CDPATH= cd -- "$1" && pwd)
prefix=/usr/local/x86_64-w64-mingw32
root=$work/root$prefix
by_mingw='s/^cc /x86_64-w64-mingw32-gcc-win32 /; s/^c++ /x86_64-w64-mingw32-g++-win32 /'
launcher=wine suffix=.exe

# Have pkg-config take what is in $root for what would be in $prefix, that of the cross file.
installed () {
  meson install -C "$build" --no-rebuild --destdir "$work/root"
  [ -f "$root/lib/pkgconfig/mir-alloc.pc" ]
  mkdir "$work/bin"
  printf '#!/bin/sh\nexec %s --define-variable=prefix="%s" "$@"\n' "$(command -v pkg-config)" "$root" \
    >"$work/bin/pkg-config"
  chmod +x "$work/bin/pkg-config"
}

# Compile and run the examples after the first argument, which changes their commands.
examples_work () {
  change=$1
  shift
  rm -rf "$work/stranger"
  mkdir "$work/stranger"
  cd "$work/stranger"
  export PKG_CONFIG_LIBDIR="$root/lib/pkgconfig" PATH="$work/bin:$PATH" WINEPATH="Z:$root/bin"
  for example in "$@"; do
    compile_and_run "$example" "$by_mingw; $change"
  done
  x86_64-w64-mingw32-objdump -p jit.exe >imports
}

# The others need DLLs of the compiler's, too.
shared_libraries_serve_a_program () {
  examples_work 's/$/ -static-libgcc/' jit.c
  has_line 'DLL Name: libmir-alloc-mir' imports
}

static_libraries_serve_programs () {
  examples_work 's/ -o / -static&/; s/pkg-config/& --static/' jit.c code.c pmr.cpp
  has_no_line 'DLL Name: libmir' imports
}

the_pages_have_the_setup () {
  says README.md "\`meson setup build-windows --cross-file cross/windows-x86_64.ini\`"
  says README.md "\`PKG_CONFIG_LIBDIR=$prefix/lib/pkgconfig\`"
  says docs/building.md "\`PKG_CONFIG_LIBDIR=$prefix/lib/pkgconfig\`"
}

run the_pages_have_the_setup
run installed
run shared_libraries_serve_a_program
run static_libraries_serve_programs
finish
