/* Contexts: their allocators, their error function, their beginning and end.  One thread creates
   and finishes a context; the getters may be called by any.  */
#include "context/context.h"

#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h> /* exit */

#include "code/backend.h"
#include "code/create.h"
#include "code/fork.h"
#include "code/probe.h"
#include "code/publish.h"
#include "code/space.h"
#include "defaults.h"

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

/* Map the first slab now, so that creating a context fails if it can have no code memory.  */
static MIR_code_status_t prepare (struct MIR_code_space *space) {
  uint8_t *addr;
  MIR_code_status_t status = mir_next_addr (&space->first, 1, &addr);
  if (status == MIR_CODE_OK) status = mir_watch_forks (space);
  if (status != MIR_CODE_OK) mir_space_finish (space);
  return status;
}

MIR_context_t _MIR_init (MIR_alloc_t alloc, MIR_code_alloc_t code_alloc) {
  MIR_code_status_t status;
  const struct mir_backend *backend =
      code_alloc == NULL ? mir_backend_choose (0, MIR_CODE_OPEN_ALIAS, &status) : &mir_backend_flip;
  MIR_code_options_t options = {.size = sizeof (options)};
  if (backend == NULL) return NULL; /* this system has no executable memory */
  if (alloc == NULL) alloc = mir_default_alloc ();
  if (code_alloc == NULL) code_alloc = mir_default_code_alloc ();
  struct MIR_context *ctx = (struct MIR_context *) MIR_malloc (alloc, sizeof (struct MIR_context));
  if (ctx == NULL) return NULL;
  ctx->alloc = alloc;
  ctx->code_alloc = code_alloc;
  ctx->error_func = exit_on_error;
  options.alloc = alloc;
  options.code_alloc = code_alloc;
  options.purge_ms = MIR_PURGE_MS;
  if (mir_space_init (&ctx->space, &options, backend) == MIR_CODE_OK
      && prepare (&ctx->space) == MIR_CODE_OK)
    return ctx;
  MIR_free (alloc, ctx);
  return NULL;
}

void MIR_finish (MIR_context_t ctx) {
  if (ctx == NULL) return;
  mir_space_finish (&ctx->space);
  MIR_free (ctx->alloc, ctx);
}

MIR_code_space_t MIR_get_code_space (MIR_context_t ctx) {
  return &ctx->space;
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
