#!/bin/sh
# Where there is no memory left, realloc to a smaller size fails with four of six allocators.  They want a new block
# where the old one would do, and when there is none they do not fall back to the old one.  Which shrinks these are is
# each one's own: of small blocks all with jemalloc and musl, 200 to 150 bytes too, those to less than about a half with
# gperftools and mimalloc; 1000000 to 600000 bytes is done by all, to 100 bytes by glibc and oneTBB only, which never
# fail.  The C standard allows it, and GMP and LuaJIT, for two, do not survive it.
. "$(dirname "$0")/allocators.sh"
cat >"$work/shrink.c" <<'C'
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>

enum { BLOCKS = 64, LIMIT = 64 << 20 /* bytes */ };
static const struct { size_t from, to; } shrinks[] = {
  {200, 150}, {1000, 600}, {1000, 100}, {100000, 60000}, {100000, 100}, {1000000, 600000}, {1000000, 100},
};
enum { SHRINKS = sizeof (shrinks) / sizeof (shrinks[0]) };
static char *blocks[SHRINKS][BLOCKS];

/* Return the address space in bytes.  */
static size_t address_space (void) {
  char line[1000];
  size_t kb = 0;
  FILE *status = fopen ("/proc/self/status", "r");
  while (fgets (line, sizeof (line), status) != NULL)
    sscanf (line, "VmSize: %zu", &kb);
  fclose (status);
  return kb << 10;
}

/* Allocate until not even 8 bytes can be had.  */
static void exhaust (void) {
  for (size_t size = 1 << 24; size >= 8; size -= size > 4096 ? size / 8 & -16 : 8)
    while (malloc (size) != NULL) {
    }
}

int main (void) {
  struct rlimit limit;
  int failures[SHRINKS] = {0}, damaged = 0;
  for (int i = 0; i < SHRINKS; i++)
    for (int j = 0; j < BLOCKS; j++) memset (blocks[i][j] = malloc (shrinks[i].from), 5, shrinks[i].from);
  limit.rlim_cur = limit.rlim_max = address_space () + LIMIT;
  setrlimit (RLIMIT_AS, &limit);
  exhaust ();
  for (int i = 0; i < SHRINKS; i++)
    for (int j = 0; j < BLOCKS; j++) {
      size_t size = shrinks[i].to;
      char *block = realloc (blocks[i][j], size);
      if (block == NULL) failures[i]++, block = blocks[i][j], size = shrinks[i].from;
      damaged += block[0] != 5 || block[size - 1] != 5;
      exhaust (); /* what the shrink has freed */
    }
  for (int i = 0, n = 0; i < SHRINKS; i++) {
    if (failures[i] != 0) printf ("%s %zu to %zu", n++ == 0 ? "" : ",", shrinks[i].from, shrinks[i].to);
    if (failures[i] != 0 && failures[i] != BLOCKS) printf (" (%d of %d)", failures[i], BLOCKS);
  }
  printf ("%s\n", damaged == 0 ? "" : ", contents damaged");
}
C
compile shrink
cat >"$work/expected" <<'EOF'
glibc fails:
oneTBB fails:
jemalloc fails: 200 to 150, 1000 to 600, 1000 to 100, 100000 to 100, 1000000 to 100
gperftools fails: 1000 to 100, 100000 to 100, 1000000 to 100
mimalloc fails: 1000 to 100, 100000 to 100, 1000000 to 100
musl fails: 200 to 150, 1000 to 600, 1000 to 100, 100000 to 60000, 100000 to 100, 1000000 to 100
EOF
for allocator in glibc oneTBB jemalloc gperftools mimalloc musl; do
  printf '%s fails:' "$allocator"
  run_with "$allocator" shrink 2>"$work/messages" || cat "$work/messages"
done | compare
