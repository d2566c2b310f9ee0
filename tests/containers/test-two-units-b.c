/* The second unit of test-two-units-a.c, with an error hook.  */
int errors_in_b;
#define MIR_VARR_ERROR(MESSAGE) ((void) (MESSAGE), errors_in_b++)
#define MIR_HTAB_ERROR(MESSAGE) ((void) (MESSAGE), errors_in_b++)
#include "mir-htab.h"

/* As MIR does: by the time of the definitions the hook's name may have another meaning.  */
#undef MIR_VARR_ERROR
#undef MIR_HTAB_ERROR
#define MIR_VARR_ERROR(CONTEXT, MESSAGE) no_such_function (CONTEXT, MESSAGE)
#define MIR_HTAB_ERROR(CONTEXT, MESSAGE) no_such_function (CONTEXT, MESSAGE)

DEF_VARR (int)
DEF_HTAB (int)

void push_in_b (VARR (int) *v, int el);
int insert_in_b (HTAB (int) *tab, int el);
HTAB (int) *create_in_b (MIR_alloc_t alloc);

static htab_hash_t int_hash (int el, void *arg) {
  (void) arg;
  return (htab_hash_t) el;
}

static int int_eq (int a, int b, void *arg) {
  (void) arg;
  return a == b;
}

void push_in_b (VARR (int) *v, int el) {
  VARR_PUSH (int, v, el);
}

int insert_in_b (HTAB (int) *tab, int el) {
  int result;
  return HTAB_DO (int, tab, el, HTAB_INSERT, result);
}

HTAB (int) *create_in_b (MIR_alloc_t alloc) {
  HTAB (int) *tab;
  HTAB_CREATE (int, tab, alloc, 0, int_hash, int_eq, NULL);
  return tab;
}
