#!/bin/sh
# The files of a build state its version: the libraries' names and sonames, and what pkg-config reads.  Arguments: the
# version, readelf, the build directory, and the shared libraries.
set -eu
. "$(dirname "$0")/../support/tap.sh"
version=$1 readelf=$2 build=$3 libraries="$4 $5"
root=$(CDPATH= cd -- "$(dirname -- "$0")/../.." && pwd)

# The major version is in the soname: a program finds no library of another one.
sonames_have_the_major_version () {
  for library in $libraries; do
    name=$(basename "$library")
    "$readelf" -d "$library" >"$work/dynamic"
    has_line "soname: \[${name%%.so*}\.so\.${version%%.*}\]" "$work/dynamic"
  done
}

names_have_the_whole_version () {
  for library in $libraries; do
    [ "$(basename "$(readlink -f "$library")")" = "$(basename "${library%%.so*}").so.$version" ]
  done
}

pkg_config_states_the_version () {
  for file in "$build"/meson-private/mir-alloc*.pc; do
    has_line "^Version: $version\$" "$file"
  done
}

changelog_begins_with_the_version_or_what_follows_it () {
  sed -n '/^## /{p;q;}' "$root/CHANGELOG.md" >"$work/newest"
  has_line "^## \($version - [0-9-]*\|Unreleased\)\$" "$work/newest"
}

a_header_without_a_version_ends_the_build () {
  grep -v VERSION_PATCH "$root/mir-alloc-api.h" >"$work/mir-alloc-api.h"
  status=0
  "$root/src/version.py" "$work/mir-alloc-api.h" 2>"$work/said" || status=$?
  [ "$status" = 1 ]
  has_line "^version.py: $work/mir-alloc-api.h does not state the version\$" "$work/said"
}

run sonames_have_the_major_version
run names_have_the_whole_version
run pkg_config_states_the_version
run changelog_begins_with_the_version_or_what_follows_it
run a_header_without_a_version_ends_the_build
finish
