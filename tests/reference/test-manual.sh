#!/bin/sh
# The manual pages, those made from the headers and those of the tools: mandoc has nothing to say of them, and what the
# shared libraries export is on one page each.  Prints TAP.
#
# usage: test-manual.sh ROOT FOLDER PYTHON [LIBRARY...]
#   FOLDER    the generated pages
#   LIBRARY   the shared libraries; none: they are not compared
set -u
. "$(dirname "$0")/../support/tap.sh"
root=$1 pages=$2 python=$3
shift 3

mandoc_has_no_warning () {
  command -v mandoc >/dev/null || {
    echo 'there is no mandoc'
    return 77
  }
  mandoc -Tlint -Wwarning "$pages"/*.[37] "$root"/docs/*.1
}

# As man-db's man formats them.
groff_has_no_warning () {
  command -v groff >/dev/null && echo '.Dd' | groff -mandoc -Tutf8 >/dev/null 2>&1 || {
    echo 'there is no groff with its macros'
    return 77
  }
  for page in "$pages"/*.[37] "$root"/docs/*.1; do
    groff -mandoc -Tutf8 -ww -z "$page" >>"$work/groff" 2>&1
  done
  cat "$work/groff"
  [ ! -s "$work/groff" ]
}

# The names of the functions in the synopses of the pages, one a line, as often as they are there.
documented () {
  sed -n 's/^\.Fo //p' "$pages"/*.3 | sort
}

every_exported_name_is_on_one_page () {
  [ "$libraries" != '' ] || {
    echo 'this build has no shared libraries to compare, or a sanitizer'
    return 77
  }
  # __jit_debug_*: where GDB looks, by its own names
  nm -D --defined-only $libraries | awk 'NF == 3 && $2 != "A" { sub (/@.*/, "", $3); print $3 }' |
    grep -v '^__jit_debug_\|^_\(init\|fini\|edata\|end\|_bss_start\)$' | sort >"$work/exported"
  [ "$(wc -l <"$work/exported")" -gt 50 ]
  documented | uniq -c | awk '{ print $2, $1 }' >"$work/counts"
  sed 's/$/ 1/' "$work/exported" | comm -23 - "$work/counts" >"$work/lost"
  cat "$work/lost"
  [ ! -s "$work/lost" ]
}

# The other way round; what is not exported is in a header, or in mir-ucrt.dll.
every_function_on_a_page_exists () {
  [ -e "$work/exported" ] || {
    echo 'this build has no shared libraries to compare, or a sanitizer'
    return 77
  }
  sed -n '/^\.Ft/N; s/^\.Ft static inline.*//; s/.*\n\.Fo //p' "$pages"/*.3 | sort -u >"$work/functions"
  grep -ho '^static inline [^(]*' "$root"/mir*.h | grep -o '[A-Za-z0-9_]* *$' | tr -d ' ' >"$work/inline"
  grep -ho '^MIR_UCRT_API [^(]*' "$root/mir-ucrt.h" | grep -o '[A-Za-z0-9_]* *$' | tr -d ' ' >>"$work/inline"
  sort -u "$work/inline" "$work/exported" | comm -23 "$work/functions" - >"$work/strange"
  cat "$work/strange"
  [ -s "$work/functions" ] && [ ! -s "$work/strange" ]
}

pages_refer_to_pages_that_exist () {
  sed -n 's/^\.Xr \(mir[a-z-]*\) \([0-9]\).*/\1.\2/p; s/^\.It Xr \(mir[a-z-]*\) \([0-9]\).*/\1.\2/p' \
    "$pages"/*.[37] "$root"/docs/*.1 | sort -u >"$work/referred"
  [ -s "$work/referred" ]
  (ls "$pages" && ls "$root/docs") | sort -u >"$work/there"
  comm -23 "$work/referred" "$work/there" >"$work/lost"
  cat "$work/lost"
  [ ! -s "$work/lost" ]
}

# For each name of a function or a macro a page that refers to the one where it is.
links_lead_to_the_pages_with_the_names () {
  MESON_INSTALL_DESTDIR_PREFIX=$work "$python" -B "$root/docs/reference/make.py" links "$root" links
  ls "$work/links" | sed 's/\.3$//' >"$work/linked"
  documented | diff - "$work/linked"
  for link in "$work"/links/*; do
    name=${link##*/}
    read -r _ target <"$link"
    grep -qx "\\.Fo ${name%.3}" "$pages/${target#man3/}"
  done
}

links_are_installed_where_meson_says () {
  DESTDIR=$work/stage MESON_INSTALL_DESTDIR_PREFIX=$work/stage/usr "$python" -B "$root/docs/reference/make.py" links "$root" \
    /elsewhere/man3
  diff -r "$work/links" "$work/stage/elsewhere/man3"
}

a_damaged_header_stops_it_with_one_line () {
  mkdir -p "$work/damaged/adapters" "$work/damaged/docs"
  cp "$root"/mir*.[ch] "$root/CHANGELOG.md" "$root/meson.build" "$work/damaged/"
  cp "$root"/docs/*.1 "$work/damaged/docs/"
  make () { "$python" -B "$root/docs/reference/make.py" man "$work/damaged" "$work/output" 2>"$work/why"; }
  make
  rm -r "$work/output"
  echo 'int odd;' >>"$work/damaged/mir-heap.h"
  ! make
  has_line '^make.py: mir-heap.h:[0-9]*: not understood: int odd' "$work/why"
  [ "$(wc -l <"$work/why")" = 1 ]
  [ ! -e "$work/output" ]
}

# Whatever file it is, the line names it.
an_empty_or_binary_file_stops_it_with_one_line () {
  for file in mir-alloc-default.c mir-alloc.h mir-alloc-api.h CHANGELOG.md docs/mir-inject.1; do
    for content in '' '\377\n' '/* open'; do
      case $file in
      CHANGELOG.md) [ "$content" = '\377\n' ] || continue ;; # any text will do
      esac
      rm -rf "$work/damaged" "$work/output"
      mkdir -p "$work/damaged/adapters" "$work/damaged/docs"
      cp "$root"/mir*.[ch] "$root/CHANGELOG.md" "$root/meson.build" "$work/damaged/"
      cp "$root"/docs/*.1 "$work/damaged/docs/"
      case $file in
      docs/*) echo >"$work/damaged/CHANGELOG.md" ;; # the date is from there unless the changelog has one
      esac
      printf "$content" >"$work/damaged/$file"
      status=0
      "$python" -B "$root/docs/reference/make.py" man "$work/damaged" "$work/output" 2>"$work/why" || status=$?
      cat "$work/why"
      [ "$status" = 1 ]
      [ "$(wc -l <"$work/why")" = 1 ]
      has_line "^make.py: .*$file" "$work/why"
      [ ! -e "$work/output" ]
    done
  done
}

links_without_meson_are_refused () {
  ! (unset MESON_INSTALL_DESTDIR_PREFIX && "$python" -B "$root/docs/reference/make.py" links "$root" links 2>"$work/why")
  has_line '^make.py: links is for meson install' "$work/why"
  [ "$(wc -l <"$work/why")" = 1 ]
}

wrong_arguments_are_refused () {
  for arguments in '' 'man' "man $root" "pdf $root $work/output"; do
    status=0
    "$python" -B "$root/docs/reference/make.py" $arguments 2>"$work/why" || status=$?
    [ "$status" = 2 ]
    has_line 'make.py man ROOT FOLDER' "$work/why"
  done
}

libraries=$*
run mandoc_has_no_warning
run groff_has_no_warning
run every_exported_name_is_on_one_page
run every_function_on_a_page_exists
run pages_refer_to_pages_that_exist
run links_lead_to_the_pages_with_the_names
run links_are_installed_where_meson_says
run a_damaged_header_stops_it_with_one_line
run an_empty_or_binary_file_stops_it_with_one_line
run links_without_meson_are_refused
run wrong_arguments_are_refused
finish
