#!/bin/sh
# valgrind 3.19.0 refuses mremap with the old size 0, the documented way (mremap(2)) to map shared memory a second
# time without a file.  Programs with dual mappings made so run on Linux and end under valgrind.
. "$(dirname "$0")/unpack.sh"
unpack valgrind=1:3.19.0-1
cat >"$work/alias.c" <<'C'
#define _GNU_SOURCE
#include <errno.h>
#include <stdio.h>
#include <string.h>
#include <sys/mman.h>

int main (void) {
  char *first = mmap (NULL, 65536, PROT_READ | PROT_WRITE, MAP_SHARED | MAP_ANONYMOUS, -1, 0);
  char *second = mremap (first, 0, 65536, MREMAP_MAYMOVE);
  if (second == MAP_FAILED) return printf ("%s\n", strerror (errno)), 0;
  first[5] = 7;
  printf ("the second mapping shows %d\n", second[5]);
}
C
cc -o "$work/alias" "$work/alias.c"
cat >"$work/expected" <<'EOF'
Linux: the second mapping shows 7
valgrind: Invalid argument
EOF
{
  printf 'Linux: '
  "$work/alias"
  printf 'valgrind: '
  VALGRIND_LIB=$root/usr/libexec/valgrind valgrind -q "$work/alias"
} | compare
