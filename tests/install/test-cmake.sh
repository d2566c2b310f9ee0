#!/bin/sh
# Tests the ways in which programs built with CMake use the library: add_subdirectory, FetchContent, and find_package
# after either build has installed it; static and shared, C and C++, and for Windows.  Prints TAP.
#
# usage: test-cmake.sh BUILD, a directory that meson has compiled
set -eu
. "$(dirname "$0")/../support/tap.sh"
build=$(CDPATH= cd -- "$1" && pwd)
source=$(CDPATH= cd -- "$(dirname -- "$0")/../.." && pwd)
command -v cmake >/dev/null || skip_all 'needs cmake'
export CMAKE_GENERATOR=Ninja
prefix=$work/by-meson.d$(sed -n 's/.*"prefix", "value": "\([^"]*\)".*/\1/p' "$build/meson-info/intro-buildoptions.json")

# Configure the user's project in $work/NAME with the options that follow, and compile it.
make_project () {
  name=$1
  shift
  cmake -S "$source/tests/install/cmake" -B "$work/$name" -DCMAKE_BUILD_TYPE=Debug "$@"
  cmake --build "$work/$name" --config Debug
}

# Print the part of docs/cmake.md that is marked with `test: $1`.
page () {
  sed -n "/^<!-- test: $1 -->/,/^[^ <]/s/^    //p" "$source/docs/cmake.md" | grep .
}

# Configure and compile the page's project $1 in $work/page-$1, with the options that follow, and run its program.
follow_page () {
  name=$1
  shift
  mkdir -p "$work/page-$name"
  page "$name" >"$work/page-$name/CMakeLists.txt"
  cp "$source/tests/install/plain.c" "$work/page-$name/jit.c"
  ln -s "$source" "$work/page-$name/mir-alloc"
  ln -s "$work/mir-alloc.tar.gz" "$work/page-$name/mir-alloc.tar.gz"
  cmake -S "$work/page-$name" -B "$work/page-$name/build" -DCMAKE_BUILD_TYPE=Debug "$@"
  cmake --build "$work/page-$name/build"
  "$work/page-$name/build/jit"
}

# Whether the program $1 needs a shared library of ours.
is_shared () { ldd "$1" | grep 'libmir-alloc\.so\.'; }

# Configuring the library with OPTIONS... fails, and the line $1 is in what it says.
refuses () {
  line=$1
  shift
  rm -rf "$work/refused"
  ! cmake "$@" -B "$work/refused" >"$work/said" 2>&1 || return 1
  tr -s ' \n' '  ' <"$work/said" >"$work/said-line" # CMake wraps lines
  has_line "$line" "$work/said-line"
}

# One compilation for both: the user's static program, and the installation.
subdirectory_serves_a_c_project () {
  make_project subdirectory -DROUTE=subdirectory -DMIR_ALLOC="$source" -DMIR_ALLOC_INSTALL=ON \
    -DCMAKE_EXPORT_COMPILE_COMMANDS=ON
  "$work/subdirectory/consumer"
  ! is_shared "$work/subdirectory/consumer"
  ! cmake --build "$work/subdirectory" --target help | grep test
}

# The files in src/ that the compilation database $1 has for the libraries, whose objects' names match $2.
library_files () {
  python3 -c 'import json, re, sys
for entry in json.load(open(sys.argv[1])):
    if re.search(sys.argv[2], entry.get("output", entry["command"])) and "/src/" in entry["file"]:
        print(entry["file"].split("/src/")[1])' "$1/compile_commands.json" "$2" | sort -u
}

meson_and_cmake_compile_the_same_files () {
  library_files "$work/subdirectory" . >"$work/by-cmake"
  library_files "$build" '^src/libmir-alloc' >"$work/by-meson"
  [ -s "$work/by-meson" ]
  diff "$work/by-meson" "$work/by-cmake"
}

installed_static_libraries_serve_c_and_cpp () {
  cmake --install "$work/subdirectory" --prefix "$work/first"
  mv "$work/first" "$work/root" # an installation can be moved
  make_project static -DCMAKE_PREFIX_PATH="$work/root" -DWITH_CXX=ON -DWANTED=1.0
  "$work/static/consumer"
  "$work/static/stranger"
  ! is_shared "$work/static/stranger"
}

components_are_installed_apart () {
  cmake --install "$work/subdirectory" --prefix "$work/development" --component mir-alloc-development
  [ -f "$work/development/include/mir-alloc/mir-code.h" ]
  [ -f "$work/development/lib/cmake/mir-alloc/mir-alloc-config.cmake" ]
  cmake --install "$work/subdirectory" --prefix "$work/runtime" --component mir-alloc-runtime
  [ ! -e "$work/runtime/include" ]
}

fetched_archive_serves_a_shared_multi_config_project () {
  (cd "$source" && tar -czf "$work/mir-alloc.tar.gz" --exclude=.git CMakeLists.txt LICENSE meson.build cmake src adapters \
    *.h *.c subprojects/packagefiles subprojects/get-mimalloc subprojects/mimalloc)
  CMAKE_GENERATOR='Ninja Multi-Config' make_project fetch -DROUTE=fetch -DMIR_ALLOC="$work/mir-alloc.tar.gz" \
    -DBUILD_SHARED_LIBS=ON -DWITH_CXX=ON
  "$work/fetch/Debug/consumer"
  "$work/fetch/Debug/stranger"
  is_shared "$work/fetch/Debug/stranger"
}

# The commands of docs/cmake.md, with another place in /usr/local's: beside the static ones.
commands_of_the_page_install_shared_libraries () {
  ln -s "$source" "$work/mir-alloc"
  page install | sed "s,/usr/local,$work/root," >"$work/commands"
  [ "$(grep -c "$work/root" "$work/commands")" = 1 ]
  (cd "$work" && sh -e "$work/commands")
}

installed_shared_libraries_come_first () {
  make_project shared -DCMAKE_PREFIX_PATH="$work/root" -DWITH_CXX=ON
  "$work/shared/consumer"
  "$work/shared/stranger"
  is_shared "$work/shared/stranger"
}

projects_of_the_page_work () {
  follow_page package -DCMAKE_PREFIX_PATH="$work/root"
  follow_page subdirectory
  follow_page fetch
}

static_ones_are_there_for_who_asks () {
  make_project component -DCMAKE_PREFIX_PATH="$work/root" -DCOMPONENTS=static
  ! is_shared "$work/component/consumer"
  make_project variable -DCMAKE_PREFIX_PATH="$work/root" -DBUILD_SHARED_LIBS=OFF
  ! is_shared "$work/variable/consumer"
}

shared_libraries_are_those_of_meson () {
  libraries=$work/root/lib
  sh "$source/tests/install/test-symbols.sh" nm "$libraries/libmir-alloc.so" "$libraries/libmir-alloc-mir.so" \
    "$libraries/libmir-mimalloc.a"
  for name in mir-alloc mir-alloc-mir; do
    readelf -d "$libraries/lib$name.so" | grep 'SONAME\|NEEDED' | grep -o '\[.*\]' | sort >"$work/dynamic-cmake"
    readelf -d "$(find "$build/src" -name "lib$name.so")" | grep 'SONAME\|NEEDED' | grep -o '\[.*\]' | sort >"$work/dynamic"
    diff "$work/dynamic" "$work/dynamic-cmake"
  done
}

what_meson_installs_is_found () {
  meson install -C "$build" --no-rebuild --quiet --destdir "$work/by-meson.d"
  for kind in shared static; do
    make_project "meson-$kind" -DCMAKE_PREFIX_PATH="$prefix" -DCOMPONENTS=$kind -DWITH_CXX=ON -DWANTED=1.0
    LD_LIBRARY_PATH=$(dirname "$(find "$prefix" -name libmir-alloc.a)") "$work/meson-$kind/consumer"
    "$work/meson-$kind/stranger"
  done
  is_shared "$work/meson-shared/stranger"
  ! is_shared "$work/meson-static/stranger"
}

both_builds_install_the_same_headers () {
  (cd "$prefix/include" && find . -type f | sort) >"$work/headers-meson"
  (cd "$work/root/include" && find . -type f | sort) >"$work/headers-cmake"
  diff "$work/headers-meson" "$work/headers-cmake"
}

# As meson installs it where it uses the system's mimalloc, for which ours stands here.
systems_mimalloc_is_found () {
  cp -R "$work/root" "$work/system"
  sed -i 's/"own" STREQUAL "own"/"system" STREQUAL "own"/' "$work/system/lib/cmake/mir-alloc/mir-alloc-config.cmake"
  mv "$work/system/lib/libmir-mimalloc.a" "$work/system/lib/libmimalloc.a"
  mv "$work/system/include/mir-alloc-default/mimalloc.h" "$work/system/include/"
  make_project for-system -DCMAKE_PREFIX_PATH="$work/system" -DCOMPONENTS=static
  "$work/for-system/consumer"
  rm "$work/system/lib/libmimalloc.a"
  refuses "built for the system's mimalloc, which is not here" -S "$source/tests/install/cmake" \
    -DCMAKE_PREFIX_PATH="$work/system"
}

wrong_requests_are_refused_in_words () {
  set -- -S "$source/tests/install/cmake" -DCMAKE_PREFIX_PATH="$work/root"
  refuses 'requested version "2.0"' "$@" -DWANTED=2.0
  refuses 'requested version "1.99"' "$@" -DWANTED=1.99
  refuses 'the components are `shared` and `static`' "$@" -DCOMPONENTS=plastic
  rm "$work/root/lib/libmir-alloc.a"
  refuses 'lib has no static libraries of mir-alloc' "$@" -DCOMPONENTS=static
}

missing_or_old_mimalloc_is_refused_in_words () {
  mkdir "$work/empty"
  refuses "$work/empty has no mimalloc: run .*/subprojects/get-mimalloc, or set MIR_ALLOC_MIMALLOC" \
    -S "$source" -DMIR_ALLOC_MIMALLOC="$work/empty"
  mkdir -p "$work/old/include" "$work/old/src"
  echo '#define MI_MALLOC_VERSION 30300 // a comment' >"$work/old/include/mimalloc.h"
  echo >"$work/old/src/static.c"
  refuses 'mimalloc 3.3.1 or newer is needed; the number in .*/old/include/mimalloc.h is 30300' \
    -S "$source" -DMIR_ALLOC_MIMALLOC="$work/old"
  for header in '' '#define MI_MALLOC_VERSION NEWEST' '#define MI_MALLOC_VERSION (30400)' '#define MI_MALLOC_VERSION'; do
    echo "$header" >"$work/old/include/mimalloc.h"
    refuses '/old/include/mimalloc.h does not state the version of mimalloc: mimalloc 3.3.1 or newer is needed' \
      -S "$source" -DMIR_ALLOC_MIMALLOC="$work/old"
  done
}

mingw=x86_64-w64-mingw32-gcc-win32
windows () {
  make_project "$@" -DCMAKE_SYSTEM_NAME=Windows -DCMAKE_SYSTEM_PROCESSOR=AMD64 -DCMAKE_C_COMPILER=$mingw \
    -DCMAKE_CXX_COMPILER=x86_64-w64-mingw32-g++-win32 -DCMAKE_EXE_LINKER_FLAGS=-static-libgcc -DWITH_CXX=ON
}

windows_programs_are_made_with_dlls () {
  command -v $mingw >/dev/null || { echo 'needs mingw-w64'; exit 77; }
  page windows >"$work/commands"
  (cd "$work" && sh -e "$work/commands")
  cmake --install "$work/build-windows" --prefix "$work/windows-root"
  sh "$source/tests/install/test-symbols-windows.sh" x86_64-w64-mingw32-objdump \
    "$work/windows-root/bin/libmir-alloc-1.dll" "$work/windows-root/bin/libmir-alloc-mir-1.dll"
  windows windows-package -DCMAKE_PREFIX_PATH="$work/windows-root" -DCMAKE_FIND_ROOT_PATH="$work/windows-root"
}

windows_programs_run () {
  [ -f "$work/windows-package/consumer.exe" ] || { echo 'there are no programs for Windows'; exit 77; }
  command -v wine >/dev/null || { echo 'needs wine'; exit 77; }
  export WINEDEBUG=-all WINEDLLOVERRIDES='mscoree,mshtml=' WINEPREFIX="$work/wine" WINEPATH="Z:$work/windows-root/bin"
  wine "$work/windows-package/consumer.exe"
  wine "$work/windows-package/stranger.exe"
  wineserver -k || true
}

run subdirectory_serves_a_c_project
run meson_and_cmake_compile_the_same_files
run installed_static_libraries_serve_c_and_cpp
run components_are_installed_apart
run fetched_archive_serves_a_shared_multi_config_project
run commands_of_the_page_install_shared_libraries
run installed_shared_libraries_come_first
run projects_of_the_page_work
run static_ones_are_there_for_who_asks
run shared_libraries_are_those_of_meson
run what_meson_installs_is_found
run both_builds_install_the_same_headers
run systems_mimalloc_is_found
run wrong_requests_are_refused_in_words
run missing_or_old_mimalloc_is_refused_in_words
run windows_programs_are_made_with_dlls
run windows_programs_run
finish
