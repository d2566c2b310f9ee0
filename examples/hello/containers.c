/* A table of names over the C library's malloc: needs five files of mir-alloc beside it, and no library.

       cc containers.c -o containers  */
#define MIR_ALLOC_LIBC
#include "mir-alloc-default.c" /* default_alloc; any other MIR_alloc_t will do */
#include "mir-bytes-hash.h"
#include "mir-htab.h" /* has mir-varr.h in it */

#include <stdio.h>
#include <string.h>

typedef struct {
  const char *text; /* the key: LEN bytes */
  size_t len;
  unsigned id; /* what the table is for */
} name_t;

static inline htab_hash_t name_hash (name_t name, void *arg) {
  (void) arg;
  return mir_bytes_hash (name.text, name.len);
}

static inline int name_eq (name_t a, name_t b, void *arg) {
  (void) arg;
  return a.len == b.len && mir_bytes_equal (a.text, b.text, a.len);
}

DEF_HTAB_BOUND (name_t, name_hash, name_eq)

int main (void) {
  static const char *const words[] = {"let", "x", "be", "x"};
  HTAB (name_t) *names;
  name_t name, *each;
  htab_size_t i;

  HTAB_CREATE_BOUND (name_t, names, &default_alloc, 0, NULL, NULL);
  for (i = 0; i < 4; i++) {
    name.text = words[i], name.len = strlen (words[i]), name.id = HTAB_ELS_NUM (name_t, names);
    HTAB_DO (name_t, names, name, HTAB_INSERT, name); /* now the name in the table, old or new */
    printf ("%s is name %u\n", name.text, name.id);
  }
  HTAB_EACH (name_t, names, i, each) printf ("%u: %s\n", each->id, each->text);
  HTAB_DESTROY (name_t, names);
  return 0;
}
