#!/bin/sh
# Tests the README's ways into a program: builds the programs of examples/hello in a folder of their own, as a stranger
# would, with the commands that the README and examples/hello/README.md have, and compares what they print.  Prints TAP.
#
# The tree is copied first, and compiled without optimisation: the other tests run optimised code.
set -eu
. "$(dirname "$0")/../support/tap.sh"
. "$(dirname "$0")/hello.sh"
tree=$work/mir-alloc
export CFLAGS="${CFLAGS-} -O0" CXXFLAGS="${CXXFLAGS-} -O0"

# The commands' compilers are those that CC and CXX name, if they do.
mkdir "$work/bin"
printf '#!/bin/sh\nexec %s "$@"\n' "${CC:-$(command -v cc)}" >"$work/bin/cc"
printf '#!/bin/sh\nexec %s "$@"\n' "${CXX:-$(command -v c++)}" >"$work/bin/c++"
chmod +x "$work/bin"/*
PATH=$work/bin:$PATH
unset CC CXX

# Run the commands $@, which the README has.
follow () {
  for command in "$@"; do
    says README.md "\`$command\`"
    eval "$command"
  done
}

# The examples that need the library, of which this machine has all parts.
examples () {
  echo jit.c code.c pmr.cpp
  ! pkg-config --exists lua5.4 || echo lua.c
}

compile_and_run_all () {
  rm -rf "$work/stranger"
  mkdir "$work/stranger"
  cd "$work/stranger"
  for example in $(examples); do
    compile_and_run "$example" "${1-}"
  done
}

copy_tree () {
  mkdir "$tree"
  tar -C "$source" --exclude='./build*' --exclude=./.git -c . | tar -C "$tree" -x
}

not_installed () {
  cd "$tree"
  says README.md "\`meson setup build -Dtests=disabled -Dexamples=disabled\`"
  meson setup build -Dtests=disabled -Dexamples=disabled --prefix="$work/opt" --libdir=lib
  follow 'meson compile -C build'
  follow 'export PKG_CONFIG_PATH=$PWD/build/meson-uninstalled'
  says README.md "\`LD_LIBRARY_PATH=\$PWD/build/src\`"
  export LD_LIBRARY_PATH=$PWD/build/src
  compile_and_run_all
}

installed_and_shared () {
  cd "$tree"
  follow 'meson install -C build'
  export PKG_CONFIG_PATH="$work/opt/lib/pkgconfig" LD_LIBRARY_PATH="$work/opt/lib"
  compile_and_run_all
  ldd jit >needed
  has_line "$work/opt/lib/libmir-alloc.so" needed
  has_line "$work/opt/lib/libmir-alloc-mir.so" needed
}

# A program whose address space ends early says so, whatever it is that is refused.  127: the loader could not load it.
# 139: after that line, mimalloc faults when a process ends in which it has never got any memory (3.4.1, in
# _mi_thread_locals_done).
examples_say_what_is_refused () {
  export LD_LIBRARY_PATH="$work/opt/lib"
  cd "$work/stranger"
  for example in $(examples); do
    name=${example%.*} refused=0
    for kib in $(seq 2000 400 12000); do
      status=0
      (ulimit -v "$kib" && exec "./$name") >out 2>err || status=$?
      case $status in
      0) diff "$hello/$name.expected" out ;;
      1 | 139) has_line "^$name: " err && refused=$((refused + 1)) ;;
      127) ;;
      *)
        echo "$name with $kib KiB: status $status"
        cat out err
        return 1
        ;;
      esac
    done
    echo "$name: refused $refused times"
    [ "$refused" != 0 ]
  done
}

installed_and_static () {
  rm "$work/opt/lib"/libmir-alloc*.so*
  export PKG_CONFIG_PATH="$work/opt/lib/pkgconfig"
  compile_and_run_all 's/pkg-config/& --static/'
  ! ldd jit | grep mir-alloc
}

# With both kinds of library installed.  The host calls the program's main, as a function of the plug-in, loads and
# unloads it twice, and looks for the library's names in it.
plug_in () {
  export PKG_CONFIG_PATH="$work/opt/lib/pkgconfig"
  flags=-Wl,-z,nodelete,--exclude-libs,ALL
  says README.md "\`$flags\`"
  command="cc -shared -fPIC plug-in.c -o plug-in.so $flags"
  link='-Wl,-Bstatic $(pkg-config --static --cflags --libs mir-alloc-mir) -Wl,-Bdynamic'
  says docs/building.md "$command $link"
  cd "$work/stranger"
  { echo '#define main plug_in' && cat "$hello/jit.c"; } >plug-in.c
  eval "$command $link"
  ldd plug-in.so >needed
  has_no_line mir-alloc needed
  cat >host.c <<'HOST'
#include <dlfcn.h>
#include <stdint.h>
int main (int argc, char **argv) {
  for (int i = 0; i < argc; i++) {
    void *plug_in = dlopen (argv[1], RTLD_NOW | RTLD_LOCAL);
    if (plug_in == 0 || dlsym (plug_in, "MIR_finish") != 0) return 1;
    if (((int (*) (void)) (uintptr_t) dlsym (plug_in, "plug_in")) () != 0) return 1;
    if (dlclose (plug_in) != 0) return 1;
  }
  return 0;
}
HOST
  cc host.c -o host -ldl
  ./host ./plug-in.so >out
  cat "$hello/jit.expected" "$hello/jit.expected" | diff - out
}

containers_only () {
  mkdir "$work/containers"
  cd "$work/containers"
  for file in mir-alloc.h mir-varr.h mir-htab.h mir-bytes-hash.h mir-alloc-default.c; do
    says README.md "\`$file\`"
    cp "$source/$file" .
  done
  compile_and_run containers.c
}

# A project of CMake's with the line $1, which brings the library.
cmake_project () {
  command -v cmake >/dev/null || {
    echo 'needs cmake'
    exit 77
  }
  rm -rf "$work/cmake"
  mkdir "$work/cmake"
  cd "$work/cmake"
  cp "$hello"/*.c "$hello"/*.cpp .
  ln -s "$tree" mir-alloc
  link='target_link_libraries (code mir-alloc::mir-alloc)'
  says README.md "\`$1\`"
  says README.md "\`$link\`"
  cat >CMakeLists.txt <<PROJECT
cmake_minimum_required (VERSION 3.18)
project (stranger LANGUAGES C CXX)
set (CMAKE_CXX_STANDARD 17)
$1
add_executable (jit jit.c)
target_link_libraries (jit mir-alloc::mir-alloc-mir)
add_executable (code code.c)
$link
add_executable (pmr pmr.cpp)
target_link_libraries (pmr mir-alloc::mir-alloc)
PROJECT
  cmake -S . -B build -G Ninja -DCMAKE_PREFIX_PATH="$work/opt"
  cmake --build build
  for name in jit code pmr; do
    compare "$name" "build/$name"
  done
}

cmake_package () {
  export LD_LIBRARY_PATH="$work/opt/lib"
  cmake_project 'find_package (mir-alloc REQUIRED)'
}

cmake_subdirectory () {
  cmake_project 'add_subdirectory (mir-alloc)'
}

# ./dev amalgamate leaves C files in build-amalgamation.
amalgamation () {
  cd "$tree"
  follow './dev amalgamate'
  cp "$hello/code.c" .
  follow 'cc -pthread -Ibuild-amalgamation code.c build-amalgamation/mir-alloc.c build-amalgamation/mir-mimalloc.c -o code'
  compare code ./code
  cp "$hello/jit.c" .
  cc -pthread -Ibuild-amalgamation jit.c build-amalgamation/mir-alloc-mir.c build-amalgamation/mir-alloc.c \
    build-amalgamation/mir-mimalloc.c -o jit
  compare jit ./jit
}

# The six files and mimalloc serve a unit that uses them as MIR does.
six_files () {
  mkdir "$work/six"
  cd "$work/six"
  for file in mir-alloc.h mir-code-alloc.h mir-alloc-default.c mir-code-alloc-default.c mir-varr.h mir-htab.h; do
    says docs/mir.md "\`$file\`"
    cp "$source/$file" .
  done
  cat >unit.c <<'UNIT'
#include "mir-code-alloc-default.c"
#include "mir-alloc-default.c"
#include "mir-htab.h"
#include <stdint.h>
DEF_VARR (uint8_t)
int main (void) {
  VARR (uint8_t) *code;
  void *page = MIR_mem_map (&default_code_alloc, 4096);
  if (page == (void *) -1) return 1;
  VARR_CREATE (uint8_t, code, &default_alloc, 0);
  VARR_PUSH (uint8_t, code, 42);
  int popped = VARR_POP (uint8_t, code);
  VARR_DESTROY (uint8_t, code);
  return popped != 42 || MIR_mem_unmap (&default_code_alloc, page, 4096) != 0;
}
UNIT
  mimalloc=$(dirname "$(find "$tree/subprojects/mimalloc" -name mimalloc.h | head -n 1)")
  cc -std=c11 -I. -I"$mimalloc" unit.c -o unit "$(find "$work/opt" "$tree/build" -name libmir-mimalloc.a | head -n 1)" -lpthread
  ./unit
}

# The host, like a clone, has mimalloc where subprojects/mir-alloc/subprojects/get-mimalloc puts it.
meson_subproject () {
  mkdir -p "$work/host/subprojects"
  cd "$work/host"
  mv "$tree" subprojects/mir-alloc
  rm -rf subprojects/mir-alloc/build
  cp "$hello"/*.c "$hello"/*.cpp .
  fallback="dependency('mir-alloc', fallback: 'mir-alloc')"
  says README.md "\`$fallback\`"
  cat >meson.build <<HOST
project('host', 'c', 'cpp', default_options: 'cpp_std=c++17')
mir_alloc_dep = $fallback
mir_alloc_mir_dep = $(echo "$fallback" | sed "s/'mir-alloc'/'mir-alloc-mir'/")
threads_dep = dependency('threads')
executable('jit', 'jit.c', dependencies: mir_alloc_mir_dep)
executable('code', 'code.c', dependencies: [mir_alloc_dep, threads_dep])
executable('pmr', 'pmr.cpp', dependencies: mir_alloc_dep)
HOST
  meson setup build -Dwerror=true
  meson compile -C build
  for name in jit code pmr; do
    compare "$name" "build/$name"
  done
  [ -z "$(find build -name 'test-*' -o -name 'packet-filter*' -o -name mir-report)" ]
}

run copy_tree
run not_installed
run installed_and_shared
run examples_say_what_is_refused
run cmake_package
run cmake_subdirectory
run amalgamation
run plug_in
run installed_and_static
run containers_only
run six_files
run meson_subproject
finish
