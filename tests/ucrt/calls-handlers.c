/* The table of calls: when the new handler is called, for what, and how often.  */

#include <stdint.h>

#include "ucrt/calls.h"

#define LENGTH(A) (sizeof (A) / sizeof ((A)[0]))

static const size_t sizes[] = {SIZE_MAX / 2, CALLS_MAXREQ - 4096, CALLS_MAXREQ, CALLS_MAXREQ + 1,
                               SIZE_MAX};

static void fail (size_t size, int answers) {
  void *p = NULL, *old;
  const char *result, *name;
#define FAIL(FUNCTION, CALL) FAIL_BY (CALLS_DO, FUNCTION, CALL, #CALL)
#define FAIL_WRONG(FUNCTION, CALL) FAIL_BY (CALLS_DO_WRONG, FUNCTION, CALL, #CALL)
#define FAIL_BY(DO, FUNCTION, CALL, TEXT)   \
  p = NULL;                                 \
  name = calls_size (size);                 \
  calls_new_handler_answers (answers);      \
  DO (FUNCTION, p = CALL);                  \
  result = p == NULL ? "NULL" : "not NULL"; \
  calls_line (result, "%s, %s, handler answers 1 %d times", TEXT, name, answers);

  FAIL (malloc, crt.malloc (size))
  FAIL (calloc, crt.calloc (1, size))
  FAIL (calloc, crt.calloc (size, 1))
  FAIL_WRONG (calloc, crt.calloc (2, size))
  FAIL (realloc, crt.realloc (NULL, size))
  FAIL_WRONG (_recalloc, crt._recalloc (NULL, 1, size))
  FAIL_WRONG (_recalloc, crt._recalloc (NULL, 2, size))
  calls_hide_of_new_size (sizeof (void *));
  FAIL_WRONG (_aligned_malloc, crt._aligned_malloc (size, 32))
  FAIL_WRONG (_aligned_offset_malloc, crt._aligned_offset_malloc (size, 32, 8))
  FAIL_WRONG (_aligned_realloc, crt._aligned_realloc (NULL, size, 32))
  FAIL_WRONG (_aligned_recalloc, crt._aligned_recalloc (NULL, 1, size, 32))
  FAIL_WRONG (_aligned_recalloc, crt._aligned_recalloc (NULL, 2, size, 32))
  calls_hide_of_new_size (0);
  old = crt.malloc (100);
  FAIL (realloc, crt.realloc (old, size))
  FAIL_WRONG (_recalloc, crt._recalloc (old, 1, size))
  FAIL (_expand, crt._expand (old, size))
  crt.free (old);
  calls_hide_of_new_size (sizeof (void *));
  old = crt._aligned_malloc (100, 64);
  FAIL_WRONG (_aligned_realloc, crt._aligned_realloc (old, size, 64))
  FAIL_WRONG (_aligned_recalloc, crt._aligned_recalloc (old, 1, size, 64))
  FAIL_WRONG (_aligned_recalloc, crt._aligned_recalloc (old, 2, size, 64))
  crt._aligned_free (old);
  calls_hide_of_new_size (0);
#undef FAIL
#undef FAIL_WRONG
#undef FAIL_BY
}

void calls_handlers (void) {
  const int answers[] = {0, 1, 3};
  int mode = -1;
  CALLS_DO (_query_new_mode, mode = crt._query_new_mode ());
  calls_line (calls_size ((size_t) mode), "_query_new_mode ()");
  CALLS_DO (_set_new_mode, mode = crt._set_new_mode (1));
  calls_line (calls_size ((size_t) mode), "_set_new_mode (1)");
  for (size_t i = 0; i < LENGTH (sizes); i++)
    for (size_t j = 0; j < LENGTH (answers); j++) fail (sizes[i], answers[j]);
  for (size_t size = 0; size < 100000; size = size * 7 + 1) { /* which must not call it */
    void *p = NULL;
    CALLS_DO (malloc, p = crt.malloc (size));
    calls_line (calls_block (p, size), "malloc (%s) in mode 1", calls_size (size));
    crt.free (p);
  }
  CALLS_DO (_callnewh, mode = crt._callnewh (123));
  calls_line (calls_size ((size_t) mode), "_callnewh (123)");
  CALLS_DO (_set_new_mode, mode = crt._set_new_mode (2));
  calls_line (calls_size ((size_t) mode), "_set_new_mode (2)");
  CALLS_DO (_set_new_mode, mode = crt._set_new_mode (0));
  calls_line (calls_size ((size_t) mode), "_set_new_mode (0)");
  for (size_t i = 0; i < LENGTH (sizes); i++) fail (sizes[i], 1);
}
