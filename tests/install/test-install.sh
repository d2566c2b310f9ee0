#!/bin/sh
# Tests the ways in which other projects use the library: installed and uninstalled, shared and static, through
# pkg-config and as a meson subproject.  The argument is a compiled build directory.  Prints TAP.
set -eu
. "$(dirname "$0")/../support/tap.sh"
build=$(CDPATH= cd -- "$1" && pwd)
source=$(CDPATH= cd -- "$(dirname -- "$0")/../.." && pwd)

# Compile the program $1.c of this folder with the flags that follow, in $work/consumer, and run it.
consume () {
  program=$1
  shift
  ${CC:-cc} -Wall -Wextra -Werror "$source/tests/install/$program.c" -o "$work/consumer" "$@"
  LD_LIBRARY_PATH="$libraries:$work/own" "$work/consumer"
}

# Have pkg-config find what was installed in $work/root.
use_installed () {
  libraries=$(dirname "$(find "$work/$1" -name mir-alloc.pc)")/..
  libraries=$(cd "$libraries" && pwd)
  export PKG_CONFIG_PATH="$libraries/pkgconfig" PKG_CONFIG_SYSROOT_DIR="$work/$1"
}

# The libraries that the program needs when it starts.
needed () { readelf -d "$work/consumer" | sed -n 's/.*(NEEDED).*\[\(.*\)\]/\1/p'; }

installed_shared_library_serves_a_program () {
  meson install -C "$build" --no-rebuild --destdir "$work/root"
  use_installed root
  consume consumer $(pkg-config --cflags --libs mir-alloc-mir mir-alloc-default)
  LD_LIBRARY_PATH="$libraries" ldd "$work/consumer" >"$work/needed"
  has_line "$libraries/libmir-alloc.so.1" "$work/needed"
  has_line "$libraries/libmir-alloc-mir.so.1" "$work/needed"
}

# What a program without mir-alloc-default.c is given.
shared_library_comes_without_mimalloc () {
  use_installed root
  for name in mir-alloc mir-alloc-mir; do
    ! pkg-config --cflags --libs $name | grep mimalloc
    [ ! -e "$(pkg-config --variable=includedir $name)/$name/mimalloc.h" ]
  done
  consume plain $(pkg-config --cflags --libs mir-alloc)
  needed >"$work/needed"
  has_line '^libmir-alloc\.so\.1$' "$work/needed"
  has_no_line 'mimalloc\|alloc-mir' "$work/needed"
}

# The program's own mimalloc.h wins on either side of ours, and our library does not run on its mimalloc.
program_keeps_its_own_mimalloc () {
  use_installed root
  mkdir -p "$work/own"
  cat >"$work/own/mimalloc.h" <<'EOF'
#include <stddef.h>
#define MI_MALLOC_VERSION 209
int mi_version (void);
void *mi_malloc (size_t size);
EOF
  cat >"$work/own/mimalloc.c" <<'EOF'
#include "mimalloc.h"
#include <stdlib.h>
int mi_version (void) { return MI_MALLOC_VERSION; }
void *mi_malloc (size_t size) { (void) size; abort (); }
EOF
  ${CC:-cc} -shared -fPIC "$work/own/mimalloc.c" -o "$work/own/libmimalloc.so"
  for name in mir-alloc mir-alloc-mir; do
    consume own-mimalloc "-I$work/own" "-L$work/own" -lmimalloc $(pkg-config --cflags --libs $name)
    consume own-mimalloc $(pkg-config --cflags --libs $name) "-I$work/own" "-L$work/own" -lmimalloc
  done
}

# A unit with mir-alloc-default.c gets ours, wherever the program's own is.
default_unit_gets_the_librarys_mimalloc () {
  use_installed root
  printf '#include "mir-alloc-default.c"\nint version = MI_MALLOC_VERSION;\n' >"$work/default.c"
  ${CC:-cc} -E "$work/default.c" $(pkg-config --cflags mir-alloc-default) "-I$work/own" >"$work/preprocessed"
  has_line '^int version = [0-9]*;$' "$work/preprocessed"
  has_no_line '^int version = 209;$' "$work/preprocessed"
}

# With both libraries installed.
static_program_is_linked_by_the_static_flags () {
  use_installed root
  consume plain -static $(pkg-config --static --cflags --libs mir-alloc)
  [ -z "$(needed)" ]
  consume consumer -static $(pkg-config --static --cflags --libs mir-alloc-mir mir-alloc-default)
  [ -z "$(needed)" ]
}

installed_static_library_serves_a_program () {
  use_installed root
  rm "$libraries"/libmir-alloc*.so*
  consume consumer $(pkg-config --static --cflags --libs mir-alloc-mir mir-alloc-default)
  needed >"$work/needed"
  has_no_line mir-alloc "$work/needed"
}

# A build of the static libraries alone: what is linked without --static has to name mimalloc.
static_build_names_what_its_archives_need () {
  meson setup "$work/static" "$source" -Ddefault_library=static -Dtests=disabled -Dexamples=disabled
  ninja -C "$work/static"
  meson install -C "$work/static" --no-rebuild --destdir "$work/root-static"
  use_installed root-static
  consume plain $(pkg-config --cflags --libs mir-alloc)
  consume consumer $(pkg-config --cflags --libs mir-alloc-mir mir-alloc-default)
  needed >"$work/needed"
  has_no_line mir-alloc "$work/needed"
}

uninstalled_library_serves_a_program () {
  libraries=$build/src
  export PKG_CONFIG_PATH="$build/meson-uninstalled"
  consume consumer $(pkg-config --cflags --libs mir-alloc-mir mir-alloc-default)
}

mir_h_is_found_by_programs_with_contexts_only () {
  use_installed root
  echo '#include <mir.h>' >"$work/has-mir.c"
  ${CC:-cc} -E "$work/has-mir.c" $(pkg-config --cflags mir-alloc-mir) | grep -q MIR_init_with
  ! ${CC:-cc} -E "$work/has-mir.c" $(pkg-config --cflags mir-alloc) | grep MIR_init_with
}

licences_are_installed () {
  cmp "$source/LICENSE" "$(find "$work/root" -path '*/share/licenses/mir-alloc/LICENSE')"
  installed=$(find "$work/root" -path '*/share/licenses/mir-alloc/LICENSE.mimalloc')
  # With the system's mimalloc there is no copy, and no licence.
  [ -n "$(find "$work/root" -name 'libmir-mimalloc.a')" ] || return 0
  cmp "$source/subprojects/mimalloc/LICENSE" "$installed"
}

# As readelf has it for a library and a program: their own tables are read-only once they run.
products_are_hardened () {
  for file in $(find "$work/root" -name 'libmir-alloc*.so.*.*') $(find "$work/root" -path '*/bin/mir-*'); do
    echo "$file"
    readelf -lW "$file" >"$work/headers"
    readelf -dW "$file" >"$work/dynamic"
    has_line GNU_RELRO "$work/headers"
    has_line 'GNU_STACK .* RW ' "$work/headers"
    has_line '(FLAGS_1).* NOW' "$work/dynamic"
    has_no_line TEXTREL "$work/dynamic"
    has_no_line '\(RPATH\|RUNPATH\)' "$work/dynamic"
    echo "$file" >>"$work/hardened"
  done
  [ "$(wc -l <"$work/hardened")" = 4 ]
}

nothing_is_installed_outside_its_own_folders () {
  strange=$(cd "$work/root" && find . -type f | grep -v -E \
    '/include/mir-alloc-mir/mir\.h$|/include/mir-alloc-default/mimalloc\.h$|/include/mir-alloc/(adapters/)?[a-z0-9-]+\.(c|h|hpp)$|/lib[^ ]*/libmir-(alloc|alloc-mir|mimalloc)\.(a|so[.0-9]*)$|/pkgconfig/mir-alloc(-mir|-default)?\.pc$|/cmake/mir-alloc/mir-alloc-config(-version)?\.cmake$|/share/man/|/share/licenses/mir-alloc/LICENSE(\.mimalloc)?$|/bin/mir-(report|inject)$' || true)
  echo "$strange"
  [ -z "$strange" ]
}

# Compile and test a host project with default_library=$1 that has the library as a subproject.
host_with () {
  rm -rf "$work/host"
  mkdir -p "$work/host/subprojects"
  cp "$source/tests/install/consumer.c" "$source/tests/install/own-mimalloc.c" "$work/host/"
  cp -r "$work/own" "$work/host/own"
  ln -s "$source" "$work/host/subprojects/mir-alloc"
  # meson looks for subprojects of subprojects in the host's folder.
  ln -s "$source/subprojects/mimalloc" "$work/host/subprojects/mimalloc"
  cat >"$work/host/meson.build" <<'EOF'
project('host', 'c')
mir_alloc_mir_dep = dependency('mir-alloc-mir', fallback: 'mir-alloc')
mir_alloc_default_dep = dependency('mir-alloc-default')
test('consumer', executable('consumer', 'consumer.c', dependencies: [mir_alloc_mir_dep, mir_alloc_default_dep]))
if get_option('default_library') == 'static'
  subdir_done() # two static mimallocs do not go together
endif
# Its own mimalloc, whose header comes last.
test('own', executable('own', 'own-mimalloc.c', 'own/mimalloc.c', include_directories: 'own',
  dependencies: dependency('mir-alloc')))
EOF
  meson setup "$work/host/build" "$work/host" -Ddefault_library="$1" -Dwerror=true
  meson test -C "$work/host/build"
  [ -z "$(find "$work/host/build" -name 'test-context*')" ]
}

subproject_of_a_shared_host_serves_a_program () { host_with shared; }
subproject_of_a_static_host_serves_a_program () { host_with static; }

run installed_shared_library_serves_a_program
run shared_library_comes_without_mimalloc
run program_keeps_its_own_mimalloc
run default_unit_gets_the_librarys_mimalloc
run mir_h_is_found_by_programs_with_contexts_only
run nothing_is_installed_outside_its_own_folders
run licences_are_installed
run products_are_hardened
run static_program_is_linked_by_the_static_flags
run installed_static_library_serves_a_program
run static_build_names_what_its_archives_need
run uninstalled_library_serves_a_program
run subproject_of_a_shared_host_serves_a_program
run subproject_of_a_static_host_serves_a_program
finish
