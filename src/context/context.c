/* Contexts: who owns the allocators and where failures go.  */
#include "mir-code-alloc-default.c" /* first: see there */
#include "mir-alloc-default.c"

#include "context/context.h"

#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h> /* exit */

/* What MIR does: an embedder who wants to live on sets his own.  */
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

MIR_context_t _MIR_init (MIR_alloc_t alloc, MIR_code_alloc_t code_alloc) {
  const struct mir_backend *backend =
      code_alloc == NULL ? mir_backend_probe () : &mir_backend_vtable;
  if (backend == NULL) return NULL; /* no executable memory on this system */
  if (alloc == NULL) alloc = &default_alloc;
  if (code_alloc == NULL) code_alloc = &default_code_alloc;
  struct MIR_context *ctx = (struct MIR_context *) MIR_malloc (alloc, sizeof (struct MIR_context));
  if (ctx == NULL) return NULL;
  ctx->alloc = alloc;
  ctx->code_alloc = code_alloc;
  ctx->error_func = exit_on_error;
  if (mir_code_init (&ctx->code, alloc, backend, code_alloc) != MIR_CODE_OK) {
    MIR_free (alloc, ctx);
    return NULL;
  }
  return ctx;
}

void MIR_finish (MIR_context_t ctx) {
  if (ctx == NULL) return;
  mir_code_finish (&ctx->code);
  MIR_free (ctx->alloc, ctx);
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
