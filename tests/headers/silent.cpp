/* Uses what the headers' macros define, as a C++ program whose own code allows no cast of C's.  */
#include "mir-bytes-hash.h"
#include "mir-htab.h"
#include "mir.h"

#include "mir-alloc-default.c"
#include "mir-code-alloc-default.c"

DEF_VARR (int)
DEF_HTAB (int)

static htab_hash_t hash_of (int el, void *) {
  return mir_bytes_hash (&el, sizeof (el));
}
static int are_equal (int a, int b, void *) {
  return a == b;
}

int use_containers ();
int use_containers () {
  VARR (int) *numbers;
  VARR_CREATE (int, numbers, &default_alloc, 0);
  VARR_PUSH (int, numbers, 1);
  HTAB (int) *table;
  HTAB_CREATE (int, table, &default_alloc, 0, hash_of, are_equal, nullptr);
  int el = 0;
  HTAB_DO (int, table, VARR_LAST (int, numbers), HTAB_INSERT, el);
  HTAB_DESTROY (int, table);
  VARR_DESTROY (int, numbers);
  return el;
}

int use_context ();
int use_context () {
  MIR_context_t context = MIR_init ();
  if (context == nullptr) return 0;
  MIR_finish (context);
  return 1;
}

MIR_code_alloc_t use_code_alloc ();
MIR_code_alloc_t use_code_alloc () {
  return &default_code_alloc;
}
