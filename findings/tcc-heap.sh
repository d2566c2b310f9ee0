#!/bin/sh
# libtcc 0.9.27 leaves marks in the program's heap.  tcc_relocate with TCC_RELOCATE_AUTO puts code into memory from
# malloc and makes the pages around it writable and executable; tcc_delete frees the memory and leaves the pages so.
# The program's own blocks come to lie in executable pages, also where it compiles once and deletes at once, and
# each border of such pages is a border of a mapping, of which Linux gives a process 65530: a thousand functions that
# lived together leave 700 to 900 mappings behind.
# x86-64; packages of Debian 12 or 13, whichever this is.
. "$(dirname "$0")/unpack.sh"
case $(. /etc/os-release && echo "$ID $VERSION_ID") in
'debian 13') unpack libtcc-dev=0.9.27+git20200814.62c30a4a-2 ;;
*) unpack libtcc-dev=0.9.27+git20200814.62c30a4a-1 ;;
esac
cat >"$work/heap.c" <<'C'
#include <libtcc.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum { FUNCTIONS = 1000, BLOCKS = 10000, SIZE = 100 };
static char *blocks[BLOCKS];

static TCCState *compile (void) {
  TCCState *tcc = tcc_new ();
  tcc_set_output_type (tcc, TCC_OUTPUT_MEMORY);
  tcc_set_options (tcc, "-nostdlib");
  if (tcc_compile_string (tcc, "int f (int x) { return x + 1; }") != 0) exit (3);
  if (tcc_relocate (tcc, TCC_RELOCATE_AUTO) < 0) exit (4);
  if (((int (*) (int)) tcc_get_symbol (tcc, "f")) (5) != 6) exit (5);
  return tcc;
}

/* Print how many mappings the heap consists of, and how many of the blocks are in executable ones.  */
static void look (const char *when) {
  char line[1000], access[5];
  uintptr_t start, end;
  int mappings = 0, executable = 0;
  FILE *maps = fopen ("/proc/self/maps", "r");
  while (fgets (line, sizeof (line), maps) != NULL)
    if (strstr (line, "[heap]") != NULL && sscanf (line, "%lx-%lx %4s", &start, &end, access) == 3) {
      mappings++;
      for (int i = 0; i < BLOCKS && access[2] == 'x'; i++)
        executable += (uintptr_t) blocks[i] >= start && (uintptr_t) blocks[i] < end;
    }
  fclose (maps);
  fprintf (stderr, "%s: mappings of the heap: %d, executable blocks: %d\n", when, mappings, executable);
  printf ("%s: mappings of the heap: %s, blocks of the program in executable pages: %s\n", when,
          mappings < 10 ? "fewer than 10" : mappings < 500 ? "10 to 499" : "500 or more",
          executable == 0 ? "none" : executable < 1000 ? "fewer than 1000" : "1000 or more");
}

int main (void) {
  TCCState *states[FUNCTIONS];
  for (int i = 0; i < BLOCKS; i++) blocks[i] = malloc (SIZE);
  look ("at first");
  for (int i = 0; i < BLOCKS; i++) free (blocks[i]);
  tcc_delete (compile ());
  for (int i = 0; i < BLOCKS; i++) blocks[i] = malloc (SIZE);
  look ("one function, deleted");
  for (int i = 0; i < BLOCKS; i++) free (blocks[i]);
  for (int i = 0; i < FUNCTIONS; i++) states[i] = compile ();
  for (int i = 0; i < FUNCTIONS; i++) tcc_delete (states[i]);
  for (int i = 0; i < BLOCKS; i++) blocks[i] = malloc (SIZE);
  look ("1000 functions, deleted");
}
C
cc -w -I"$root/usr/include" -o "$work/heap" "$work/heap.c" -L"$libraries" -ltcc -ldl -lpthread
cat >"$work/expected" <<'EOF'
at first: mappings of the heap: fewer than 10, blocks of the program in executable pages: none
one function, deleted: mappings of the heap: fewer than 10, blocks of the program in executable pages: fewer than 1000
1000 functions, deleted: mappings of the heap: 500 or more, blocks of the program in executable pages: 1000 or more
EOF
"$work/heap" | compare
