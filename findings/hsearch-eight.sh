#!/bin/sh
# hsearch and hsearch_r of glibc hash the length and at most the first eight characters of a name: the hash has 32 bits
# and moves up by 4 for each character, the last one first, so that those from the ninth on fall out.  Names of one
# length that begin alike, as those that a compiler makes, those of a C++ namespace and the files of a folder, have one
# hash.  The table is a list then, and finding a name compares it with half of the others.  Here 10000 names are found
# once each, and the program counts hsearch's calls of strcmp.  Numbers in front do no harm; musl hashes all characters.
# The program is static, so that both libraries call its own strcmp.  glibc is the one that is installed.
# x86-64; packages of Debian 12 or 13, whichever this is.
. "$(dirname "$0")/unpack.sh"
case $(. /etc/os-release && echo "$ID $VERSION_ID") in
'debian 13') unpack musl-dev=1.2.5-3.1~deb13u1 ;;
*) unpack musl-dev=1.2.3-1 ;;
esac
echo "with $(getconf GNU_LIBC_VERSION)"
cat >"$work/names.c" <<'C'
#include <search.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum { NAMES = 10000, LEN = 32 };
static char names[NAMES][LEN];
static long comparisons;

/* In place of the C library's.  */
int strcmp (const char *a, const char *b) {
  comparisons++;
  while (*a != '\0' && *a == *b) a++, b++;
  return (unsigned char) *a - (unsigned char) *b;
}

/* Find each of the names that FORMAT makes; print how many comparisons that takes.  */
static void find_all (const char *format) {
  ENTRY entry = {0};
  if (hcreate (2 * NAMES) == 0) exit (3);
  for (int i = 0; i < NAMES; i++) {
    sprintf (names[i], format, i);
    entry.key = names[i];
    if (hsearch (entry, ENTER) == NULL) exit (4);
  }
  comparisons = 0;
  for (int i = 0; i < NAMES; i++) {
    entry.key = names[i];
    if (hsearch (entry, FIND) == NULL) exit (5);
  }
  printf ("%s ... ", names[0]);
  printf ("%s: %ld.%ld comparisons for each name found\n", names[NAMES - 1], comparisons / NAMES,
          comparisons * 10 / NAMES % 10);
  hdestroy ();
}

int main (void) {
  find_all ("%04d");
  find_all ("%04d_of_a_function");
  find_all ("block%04d");
  find_all ("function%04d");
  find_all ("a_function_%04d");
}
C
triplet=$(basename "$libraries" gnu)musl
musl=$root/usr/lib/$triplet
cc -w -O1 -fno-builtin -static -o "$work/names-glibc" "$work/names.c"
cc -w -O1 -fno-builtin -static -nostdinc -isystem "$root/usr/include/$triplet" -nostdlib -o "$work/names-musl" \
  "$musl/crt1.o" "$musl/crti.o" "$work/names.c" -L"$musl" -lc -lgcc "$musl/crtn.o"
cat >"$work/expected" <<'EOF'
glibc
0000 ... 9999: 1.0 comparisons for each name found
0000_of_a_function ... 9999_of_a_function: 1.0 comparisons for each name found
block0000 ... block9999: 5.5 comparisons for each name found
function0000 ... function9999: 5000.5 comparisons for each name found
a_function_0000 ... a_function_9999: 5000.5 comparisons for each name found
musl
0000 ... 9999: 2.8 comparisons for each name found
0000_of_a_function ... 9999_of_a_function: 1.5 comparisons for each name found
block0000 ... block9999: 2.8 comparisons for each name found
function0000 ... function9999: 2.8 comparisons for each name found
a_function_0000 ... a_function_9999: 2.8 comparisons for each name found
EOF
for library in glibc musl; do
  echo "$library"
  "$work/names-$library"
done | compare
