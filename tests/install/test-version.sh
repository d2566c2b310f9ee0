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

# version.py with the arguments behind $2 ends with the status $1 and says the line $2, and nothing else.
version_fails () {
  wanted=$1 line=$2
  shift 2
  status=0
  "$root/src/version.py" "$@" >"$work/printed" 2>"$work/said" || status=$?
  cat "$work/said"
  [ "$status" = "$wanted" ]
  [ "$(cat "$work/said")" = "$line" ]
  [ ! -s "$work/printed" ]
}

a_header_without_a_version_ends_the_build () {
  header=$work/mir-alloc-api.h
  no_version="version.py: $header does not state the version"
  grep -v VERSION_PATCH "$root/mir-alloc-api.h" >"$header"
  version_fails 1 "$no_version" "$header"
  sed 's/VERSION_\(MINOR\|PATCH\) /VERSION_MAJOR /' "$root/mir-alloc-api.h" >"$header"
  [ "$(grep -c '^#define MIR_ALLOC_VERSION_MAJOR [0-9]' "$header")" = 3 ]
  version_fails 1 "$no_version" "$header"
  (cat "$root/mir-alloc-api.h" && echo '#define MIR_ALLOC_VERSION_MINOR 7') >"$header"
  version_fails 1 "$no_version" "$header"
  : >"$header"
  version_fails 1 "$no_version" "$header"
  printf '\377\n' >"$header"
  version_fails 1 "version.py: $header is not UTF-8" "$header"
}

version_py_says_in_one_line_why_it_fails () {
  version_fails 2 'usage: version.py HEADER'
  version_fails 2 'usage: version.py HEADER' "$root/mir-alloc-api.h" "$root/mir-alloc-api.h"
  version_fails 1 "version.py: $work/missing.h: No such file or directory" "$work/missing.h"
  version_fails 1 "version.py: $work: Is a directory" "$work"
  [ -c /dev/full ] || return 0
  status=0
  "$root/src/version.py" "$root/mir-alloc-api.h" >/dev/full 2>"$work/said" || status=$?
  [ "$status" = 1 ]
  [ "$(cat "$work/said")" = 'version.py: unable to write to standard output: No space left on device' ]
}

run sonames_have_the_major_version
run names_have_the_whole_version
run pkg_config_states_the_version
run changelog_begins_with_the_version_or_what_follows_it
run a_header_without_a_version_ends_the_build
run version_py_says_in_one_line_why_it_fails
finish
