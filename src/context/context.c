/* Contexts: their allocators, their error function, their beginning and end.  One thread creates
   and finishes a context; the getters may be called by any.  */
#include "context/context.h"

#include <stdarg.h>
#include <stdatomic.h>
#include <stdio.h>
#include <stdlib.h> /* exit */
#include <string.h> /* memcpy, memset */

#include "mir-code.h"
#include "mir-heap.h"

/* Bytes of free memory that the last context leaves to the next.  */
enum { KEPT_WITHOUT_CONTEXTS = 4 * 1024 * 1024 };

static atomic_size_t contexts_num; /* live ones; any thread */

/* As in MIR; an embedder which wants to survive errors sets its own function.  */
static void MIR_NO_RETURN exit_on_error (MIR_error_type_t error_type, const char *format, ...) {
  va_list args;
  (void) error_type;
  va_start (args, format);
  vfprintf (stderr, format, args);
  va_end (args);
  fprintf (stderr, "\n");
  exit (1);
}

double _MIR_get_api_version (void) {
  return MIR_API_VERSION;
}

/*---------------- Creating -----------------------------*/

/* The bytes to reserve by default; 0: none, since calls reach every address, of which there are few.  */
static size_t default_reserve (void) {
  size_t reach = MIR_code_reach ();
  if (sizeof (void *) == 4 && reach >= SIZE_MAX / 2) return 0;
  return reach < MIR_CONTEXT_RESERVE ? reach : MIR_CONTEXT_RESERVE;
}

/* Set *FULL to OPTIONS, and *CODE to their code options, each possibly of an older and shorter
   version.  0, or -1 when they are of no version, or have an allocator at the wrong place.  */
static int read_options (const MIR_context_options_t *options, MIR_context_options_t *full,
                         MIR_code_options_t *code) {
  memset (full, 0, sizeof (*full));
  memset (code, 0, sizeof (*code));
  if (options != NULL) {
    if (options->size < sizeof (options->size) || options->size > sizeof (*full)) return -1;
    memcpy (full, options, options->size);
  }
  if (full->code != NULL) {
    if (full->code->size < sizeof (full->code->size) || full->code->size > sizeof (*code))
      return -1;
    memcpy (code, full->code, full->code->size);
    if (code->alloc != NULL || code->code_alloc != NULL) return -1;
  }
  code->size = sizeof (*code);
  code->alloc = full->alloc != NULL ? full->alloc : MIR_default_alloc ();
  code->code_alloc = full->code_alloc;
  code->map_at_once = 1; /* a context that can have no code memory is not created */
  return 0;
}

/* Create the space for CODE, in a range unless ANYWHERE is set.  Where the default range is refused, or
   memory in it, the space has none: a small address space is for more than code.  */
static MIR_code_status_t create_space (MIR_code_options_t *code, int anywhere,
                                       MIR_code_space_t *space) {
  MIR_code_status_t status;
  if (code->reserve != 0 || code->code_alloc != NULL || anywhere)
    return MIR_code_space_create (code, space);
  code->reserve = default_reserve ();
  status = MIR_code_space_create (code, space);
  if (status == MIR_CODE_OK || status == MIR_CODE_NO_MEMORY || code->near_addr != NULL)
    return status;
  code->reserve = 0;
  return MIR_code_space_create (code, space);
}

MIR_code_status_t MIR_init_with (const MIR_context_options_t *options, MIR_context_t *ctx) {
  MIR_context_options_t full;
  MIR_code_options_t code;
  if (read_options (options, &full, &code) != 0) return MIR_CODE_BAD_OPTION;
  struct MIR_context *res =
      (struct MIR_context *) MIR_malloc (code.alloc, sizeof (struct MIR_context));
  if (res == NULL) return MIR_CODE_NO_MEMORY;
  res->alloc = code.alloc;
  res->code_alloc = full.code_alloc != NULL ? full.code_alloc : MIR_default_code_alloc ();
  res->error_func = exit_on_error;
  MIR_code_status_t status = create_space (&code, full.anywhere, &res->space);
  if (status != MIR_CODE_OK) {
    MIR_free (code.alloc, res);
    return status;
  }
  atomic_fetch_add_explicit (&contexts_num, 1, memory_order_relaxed);
  *ctx = res;
  return MIR_CODE_OK;
}

MIR_context_t _MIR_init (MIR_alloc_t alloc, MIR_code_alloc_t code_alloc) {
  MIR_context_options_t options = {
      .size = sizeof (options), .alloc = alloc, .code_alloc = code_alloc};
  MIR_context_t ctx = NULL;
  (void) MIR_init_with (&options, &ctx);
  return ctx;
}

void MIR_finish (MIR_context_t ctx) {
  if (ctx == NULL) return;
  MIR_code_space_finish (ctx->space);
  MIR_free (ctx->alloc, ctx);
  if (atomic_fetch_sub_explicit (&contexts_num, 1, memory_order_relaxed) == 1)
    (void) MIR_heap_trim (KEPT_WITHOUT_CONTEXTS);
}

MIR_code_space_t MIR_get_code_space (MIR_context_t ctx) {
  return ctx->space;
}

MIR_alloc_t MIR_get_alloc (MIR_context_t ctx) {
  return ctx->alloc;
}

MIR_code_alloc_t MIR_get_code_alloc (MIR_context_t ctx) {
  return ctx->code_alloc;
}

MIR_error_func_t MIR_get_error_func (MIR_context_t ctx) {
  return ctx->error_func;
}

void MIR_set_error_func (MIR_context_t ctx, MIR_error_func_t func) {
  ctx->error_func = func != NULL ? func : exit_on_error;
}
