#!/bin/sh
# Tests the ways in which other projects use the library: installed and uninstalled, shared and static, through
# pkg-config and as a meson subproject.  The argument is a compiled build directory.  Prints TAP.
set -eu
. "$(dirname "$0")/../support/tap.sh"
build=$(CDPATH= cd -- "$1" && pwd)
source=$(CDPATH= cd -- "$(dirname -- "$0")/../.." && pwd)

# Compile the consumer with the flags that follow, in $work/consumer, and run it.
consume () {
  ${CC:-cc} -Wall -Wextra -Werror "$source/tests/install/consumer.c" -o "$work/consumer" "$@"
  LD_LIBRARY_PATH="$libraries" "$work/consumer"
}

# Print the folder into which the libraries were installed.
installed_libraries () { dirname "$(find "$work/root" -name libmir-alloc.a)"; }

installed_shared_library_serves_a_program () {
  meson install -C "$build" --no-rebuild --destdir "$work/root"
  libraries=$(installed_libraries)
  export PKG_CONFIG_PATH="$libraries/pkgconfig" PKG_CONFIG_SYSROOT_DIR="$work/root"
  consume $(pkg-config --cflags --libs mir-alloc-mir)
  LD_LIBRARY_PATH="$libraries" ldd "$work/consumer" >"$work/needed"
  has_line "$libraries/libmir-alloc.so" "$work/needed"
  has_line "$libraries/libmir-alloc-mir.so" "$work/needed"
}

installed_static_library_serves_a_program () {
  libraries=$(installed_libraries)
  rm "$libraries"/libmir-alloc*.so*
  export PKG_CONFIG_PATH="$libraries/pkgconfig" PKG_CONFIG_SYSROOT_DIR="$work/root"
  consume $(pkg-config --static --cflags --libs mir-alloc-mir)
  ! LD_LIBRARY_PATH="$libraries" ldd "$work/consumer" | grep mir-alloc
}

uninstalled_library_serves_a_program () {
  libraries=$build/src
  export PKG_CONFIG_PATH="$build/meson-uninstalled"
  consume $(pkg-config --cflags --libs mir-alloc-mir)
}

mir_h_is_found_by_programs_with_contexts_only () {
  export PKG_CONFIG_PATH="$(installed_libraries)/pkgconfig" PKG_CONFIG_SYSROOT_DIR="$work/root"
  echo '#include <mir.h>' >"$work/has-mir.c"
  ${CC:-cc} -E "$work/has-mir.c" $(pkg-config --cflags mir-alloc-mir) | grep -q MIR_init_with
  ! ${CC:-cc} -E "$work/has-mir.c" $(pkg-config --cflags mir-alloc) | grep MIR_init_with
}

nothing_is_installed_outside_its_own_folders () {
  strange=$(cd "$work/root" && find . -type f | grep -v -E \
    '/include/mir-alloc-mir/mir\.h$|/include/mir-alloc/(adapters/)?[a-z0-9-]+\.(c|h|hpp)$|/lib[^ ]*/libmir-(alloc|alloc-mir|mimalloc)\.(a|so[.0-9]*)$|/pkgconfig/mir-alloc(-mir)?\.pc$|/share/man/|/bin/mir-(report|inject)$' || true)
  echo "$strange"
  [ -z "$strange" ]
}

# Compile and test a host project with default_library=$1 that has the library as a subproject.
host_with () {
  rm -rf "$work/host"
  mkdir -p "$work/host/subprojects"
  cp "$source/tests/install/consumer.c" "$work/host/"
  ln -s "$source" "$work/host/subprojects/mir-alloc"
  # meson looks for subprojects of subprojects in the host's folder.
  ln -s "$source/subprojects/mimalloc" "$work/host/subprojects/mimalloc"
  cat >"$work/host/meson.build" <<'EOF'
project('host', 'c')
mir_alloc_mir_dep = dependency('mir-alloc-mir', fallback: 'mir-alloc')
test('consumer', executable('consumer', 'consumer.c', dependencies: mir_alloc_mir_dep))
EOF
  meson setup "$work/host/build" "$work/host" -Ddefault_library="$1" -Dwerror=true
  meson test -C "$work/host/build"
  [ -z "$(find "$work/host/build" -name 'test-context*')" ]
}

subproject_of_a_shared_host_serves_a_program () { host_with shared; }
subproject_of_a_static_host_serves_a_program () { host_with static; }

run installed_shared_library_serves_a_program
run mir_h_is_found_by_programs_with_contexts_only
run nothing_is_installed_outside_its_own_folders
run installed_static_library_serves_a_program
run uninstalled_library_serves_a_program
run subproject_of_a_shared_host_serves_a_program
run subproject_of_a_static_host_serves_a_program
finish
