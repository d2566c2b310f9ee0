#!/bin/sh
# The archive that `meson dist` makes builds without the network, by itself and as Debian packages, which lintian finds
# nothing wrong with and which serve programs.  Needs a git checkout; what is not committed is not in the archive.  The
# argument is a build directory.
set -eu
. "$(dirname "$0")/../support/tap.sh"
build=$(CDPATH= cd -- "$1" && pwd)
source=$(CDPATH= cd -- "$(dirname -- "$0")/../.." && pwd)
version=$("$source/src/version.py" "$source/mir-alloc-api.h")
tree=$work/mir-alloc-$version
export DEB_BUILD_OPTIONS="parallel=$(nproc)"

# Run COMMAND... where there is no network.
offline () {
  if unshare -n true 2>/dev/null; then
    unshare -n "$@"
  else
    unshare -rn "$@"
  fi
}

archive_has_what_a_build_needs () {
  ninja -C "$build" build.ninja # meson dist does what the build directory was configured for
  meson dist -C "$build" --no-tests --allow-dirty --formats gztar
  tar -xzf "$build/meson-dist/mir-alloc-$version.tar.gz" -C "$work"
  [ -f "$tree/subprojects/mimalloc/src/static.c" ]
  [ -f "$tree/subprojects/mimalloc/LICENSE" ]
  [ ! -e "$tree/subprojects/mimalloc/.git" ]
  [ ! -e "$tree/debian" ] # Debian adds its own
}

offline_there_is_no_network () {
  interfaces=$(offline sed '1,2d; s/:.*//; s/ //g' /proc/net/dev)
  [ "$interfaces" = lo ]
}

archive_builds_offline () {
  offline meson setup "$work/build" "$tree" --wrap-mode=nodownload -Dexamples=disabled
  offline ninja -C "$work/build" tests/context/test-context
  offline meson test -C "$work/build" --no-rebuild context
}

dist_without_mimalloc_says_what_to_do () {
  mkdir -p "$work/empty" "$work/dist"
  status=0
  MESON_SOURCE_ROOT="$work/empty" MESON_DIST_ROOT="$work/dist" "$source/subprojects/dist-mimalloc" 2>"$work/said" ||
    status=$?
  [ "$status" = 1 ]
  has_line 'has no source of mimalloc; run subprojects/get-mimalloc$' "$work/said"
}

debian_packages_are_built () {
  cp "$build/meson-dist/mir-alloc-$version.tar.gz" "$work/mir-alloc_$version.orig.tar.gz"
  cp -R "$source/debian" "$tree/"
  cd "$tree"
  offline dpkg-buildpackage -us -uc
}

# Warnings included.  What is the first upload to Debian closes a bug report that asks for the package.
lintian_finds_nothing () {
  lintian -i --fail-on error,warning --suppress-tags initial-upload-closes-no-bugs "$work"/*.changes
}

# The packages, unpacked, with the libraries in the folder of their architecture.
packages_serve_programs () {
  for package in "$work"/*.deb; do
    dpkg-deb -x "$package" "$work/installed"
  done
  libraries=$work/installed/usr/lib/$(dpkg-architecture -qDEB_HOST_MULTIARCH)
  export PKG_CONFIG_PATH="$libraries/pkgconfig" PKG_CONFIG_SYSROOT_DIR="$work/installed"
  ${CC:-cc} "$source/tests/install/consumer.c" -o "$work/consumer" \
    $(pkg-config --cflags --libs mir-alloc-mir mir-alloc-default)
  LD_LIBRARY_PATH="$libraries" "$work/consumer"
  ${CC:-cc} -static "$source/tests/install/plain.c" -o "$work/plain" $(pkg-config --static --cflags --libs mir-alloc)
  "$work/plain"
  "$work/installed/usr/bin/mir-report" --version
  "$work/installed/usr/bin/mir-inject" --version
}

files_are_in_their_packages () {
  dpkg-deb -c "$(echo "$work"/libmir-alloc1_*.deb)" >"$work/files"
  has_line "/libmir-alloc\.so\.$version\$" "$work/files"
  has_no_line '\.a$\|\.so$\|mir-alloc-mir' "$work/files"
  dpkg-deb -c "$(echo "$work"/libmir-alloc-mir1_*.deb)" >"$work/files"
  has_line "/libmir-alloc-mir\.so\.$version\$" "$work/files"
  dpkg-deb -c "$(echo "$work"/libmir-alloc-dev_*.deb)" >"$work/files"
  has_line '/usr/include/mir-alloc/mir-code\.h$' "$work/files"
  dpkg-deb -f "$(echo "$work"/libmir-alloc-dev_*.deb)" Depends | grep -q 'libmir-alloc1 (= '
}

run archive_has_what_a_build_needs
run dist_without_mimalloc_says_what_to_do
run offline_there_is_no_network
run archive_builds_offline
run debian_packages_are_built
run lintian_finds_nothing
run files_are_in_their_packages
run packages_serve_programs
finish
