#!/bin/sh
# layers.py and names.py find what they are for: a small product, and one fault in it after another.  Argument: Python.
# Its objects are texts as nm prints them, so that `cat` is its nm.
set -eu
. "$(dirname "$0")/../support/tap.sh"
python=$1
here=$(cd "$(dirname "$0")" && pwd)
root=$work/house

# The text on standard input becomes, or is put behind, a file of the product.
is () { mkdir -p "$root/$(dirname "$1")" && cat >"$root/$1"; }
gets () { cat >>"$root/$1"; }

# $1 takes the place of the line of the table which begins with the same layer.
row () { sed -i "s~^| ${1%% *} .*~| $1 |  |~" "$root/docs/architecture.md"; }

house () {
  rm -rf "$root"
  is docs/architecture.md <<'END'
| not | `a/table`, of ours |
<!-- layers: house -->
| layer | files | owns |
|---|---|---|
| top | `top/roof` | |
| rooms | `top/hall, top/stairs` | |
| ground | `low/floor-*`, `low/bits` | |
<!-- end layers -->
END
  is src/top/roof.c <<'END'
#include "top/roof.h"
#include "top/hall.h"
static int tiles;
int roof (void) { return hall (); }
END
  is src/top/hall.c <<'END'
#include "top/hall.h"
#include "top/stairs.h"
int hall (void) { return stairs () + floor_ (); }
END
  for name in top/roof top/hall top/stairs low/bits; do
    echo '#include <stddef.h>' | is src/$name.h
  done
  echo 'int stairs (void) { return 0; }' | is src/top/stairs.c
  echo 'static int boards;' | is src/low/floor-wood.c
  echo 'static int boards;' | is src/low/floor-stone.c
  echo '0 T roof
U hall
U printf' | is build/roof.o
  echo '0 T hall
U stairs
U floor_' | is build/hall.o
  echo '0 T stairs' | is build/stairs.o
  echo '0 T floor_
0 t boards' | is build/floor.o
  for name in top/roof top/hall top/stairs low/floor-wood low/cellar; do
    echo "{\"directory\": \"$root/build\", \"file\": \"../src/$name.c\", \"output\": \"$(basename "${name%-*}").o\"},"
  done | sed '1s/^/[/; $s/,$/]/' | is build/compile_commands.json
}

passes () { "$python" "$here/$1.py" "$root" "$root/build" cat house; }

# $1.py exits with 1 and prints each of the lines that follow.
finds () {
  status=0
  passes "$1" >"$work/found" 2>&1 || status=$?
  cat "$work/found"
  [ "$status" = 1 ] || return 1
  shift
  for line in "$@"; do
    grep -qxF "# $line" "$work/found"
  done
}

a_product_in_order_passes () {
  house
  passes layers
  passes names
}

a_call_of_what_is_above_is_found () {
  house
  echo 'U hall' | gets build/floor.o
  echo 'int floor_ (void) { return hall (); }' | gets src/low/floor-wood.c
  finds layers 'src/low/floor-wood.c:2 calls hall of src/top/hall.c, which is above it'
}

a_circle_in_a_row_is_found () {
  house
  echo 'U hall' | gets build/stairs.o
  finds layers 'src/top/hall.c:3 calls stairs of src/top/stairs.c, in a circle of 2 files' \
    'src/top/stairs.c calls hall of src/top/hall.c, in a circle of 2 files'
}

a_circle_in_a_module_passes () {
  house
  echo 'U hall' | gets build/stairs.o
  sed -i 's/^| rooms /| rooms, one module /' "$root/docs/architecture.md"
  passes layers
}

an_include_of_what_is_above_is_found () {
  house
  echo '#include "top/roof.h"' | gets src/low/bits.h
  finds layers 'src/low/bits.h:2 includes src/top/roof.h, which is above it'
}

an_include_without_a_folder_is_found () {
  house
  echo '#include "roof.h"' | gets src/top/stairs.c
  finds layers 'src/top/stairs.c:2 includes src/top/roof.h, which is above it'
}

headers_in_a_circle_are_found () {
  house
  echo '#include "top/stairs.h"' | gets src/top/hall.h
  echo '#include "top/hall.h"' | gets src/top/stairs.h
  finds layers 'headers include each other in a circle: src/top/hall.h, src/top/stairs.h'
}

an_include_of_another_product_is_found () {
  house
  echo | is src/garden/gate.h
  echo '#include "garden/gate.h"' | gets src/top/roof.c
  finds layers 'src/top/roof.c:5 includes src/garden/gate.h, which is no file of this product'
  row 'ground | `low/floor-*`, `low/bits`, `garden/gate.h`'
  passes layers
}

a_file_in_no_row_is_found () {
  house
  echo | is src/top/attic/box.c
  finds layers 'src/top/attic/box.c stands in no row of docs/architecture.md'
}

a_file_in_two_rows_is_found () {
  house
  row 'top | `top/roof, top/hall`'
  finds layers 'docs/architecture.md:6 lists src/top/hall, which line 5 has already'
}

a_listed_file_which_does_not_exist_is_found () {
  house
  row 'top | `top/roof, top/tower`'
  finds layers 'docs/architecture.md:5 lists src/top/tower, which does not exist'
}

a_product_without_a_table_fails () {
  house
  sed -i 's/layers: house/layers: hut/' "$root/docs/architecture.md"
  passes layers 2>"$work/said" && return 1
  has_line 'no layers of house' "$work/said"
}

objects_that_are_missing_fail () {
  house
  rm "$root"/build/*.o
  passes layers 2>"$work/said" && return 1
  has_line 'no objects' "$work/said"
}

a_second_definition_is_found () {
  house
  cat <<'END' | gets src/top/hall.c
/* static int tiles; */
static int tiles;
#define STEPS 12
#define DOORS 2
enum { LEFT, RIGHT };
struct rug { int wool; };
static int (*sweep) (int), plain;
static void *stand (int of) {
END
  cat <<'END' | gets src/top/stairs.c
#define STEPS 13
#define DOORS 2
enum side { UP, RIGHT };
struct rug { int silk; };
static const int sweep[] = {1};
static void stand (int of);
static int hall;
END
  finds names 'src/top/roof.c:3 has tiles, which src/top/hall.c:5 has too' \
    'src/top/stairs.c:2 has STEPS, which src/top/hall.c:6 has too' \
    'src/top/stairs.c:4 has RIGHT, which src/top/hall.c:8 has too' \
    'src/top/stairs.c:5 has struct rug, which src/top/hall.c:9 has too' \
    'src/top/stairs.c:6 has sweep, which src/top/hall.c:10 has too' \
    'src/top/stairs.c:7 has stand, which src/top/hall.c:11 has too' \
    'src/top/stairs.c:8 has hall, which src/top/hall.c has too'
  [ "$(grep -c '^# src/' "$work/found")" = 7 ]
}

a_second_basename_is_found () {
  house
  echo | is src/low/hall.h
  row 'ground | `low/floor-*`, `low/bits`, `low/hall`'
  finds names 'src/top/hall.c has the file name hall, which src/low/hall.h has too'
}

files_of_different_systems_share_names () {
  house
  row 'ground | `low/floor-*`, `low/bits`, `low/door-posix`, `low/gate-windows`, `low/lock-linux`'
  for name in door-posix gate-windows lock-linux; do
    echo 'static int key;' | is src/low/$name.c
  done
  finds names 'src/low/lock-linux.c:1 has key, which src/low/door-posix.c:1 has too'
  [ "$(grep -c '^# src/' "$work/found")" = 1 ]
}

run a_product_in_order_passes
run a_call_of_what_is_above_is_found
run a_circle_in_a_row_is_found
run a_circle_in_a_module_passes
run an_include_of_what_is_above_is_found
run an_include_without_a_folder_is_found
run headers_in_a_circle_are_found
run an_include_of_another_product_is_found
run a_file_in_no_row_is_found
run a_file_in_two_rows_is_found
run a_listed_file_which_does_not_exist_is_found
run a_product_without_a_table_fails
run objects_that_are_missing_fail
run a_second_definition_is_found
run a_second_basename_is_found
run files_of_different_systems_share_names
finish
