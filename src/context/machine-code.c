/* The machine-code functions of mir.h: failures of the code layer go to the error function, which
   may leave by longjmp, so no lock is held and nothing is half done when it is called.  Any thread.
   mir.h has the contract of each function.  */
#include "context/context.h"

#include <stdarg.h>
#include <string.h> /* memcpy */

enum {
  MAX_UPDATES = 20, /* MIR's limit: _MIR_update_code takes fewer */
  THUNK_LEN = 32    /* bytes of a code block, in messages */
};

/* Call the error function for STATUS of FUNC, a function of mir.h, about LEN bytes of code.  */
static void fail (MIR_context_t ctx, const char *func, MIR_code_status_t status, size_t len) {
  switch (status) {
    case MIR_CODE_NO_MEMORY:
      ctx->error_func (MIR_alloc_error,
                       "%s: out of memory for the bookkeeping of %zu bytes of code", func, len);
      break;
    case MIR_CODE_MAP_REFUSED:
      ctx->error_func (MIR_alloc_error, "%s: the system refused %zu bytes of executable memory",
                       func, len);
      break;
    case MIR_CODE_WRITE_REFUSED:
      ctx->error_func (MIR_alloc_error, "%s: the system refused to make %zu bytes of code writable",
                       func, len);
      break;
    case MIR_CODE_LIMIT:
    case MIR_CODE_NO_ADDRESS_SPACE:
    case MIR_CODE_NO_LOCKED_MEMORY:
    case MIR_CODE_TOO_MANY_MAPPINGS:
    case MIR_CODE_NO_THUNKS:
      ctx->error_func (MIR_alloc_error, "%s: %zu bytes of code: %s", func, len,
                       MIR_code_status_text (status));
      break;
    case MIR_CODE_TOO_LARGE:
      ctx->error_func (MIR_wrong_param_value_error, "%s: %zu bytes of code are too many", func,
                       len);
      break;
    default:
      ctx->error_func (MIR_wrong_param_value_error, "%s: %s", func, MIR_code_status_text (status));
      break;
  }
}

uint8_t *_MIR_publish_code (MIR_context_t ctx, const uint8_t *code, size_t code_len) {
  uint8_t *res = NULL;
  MIR_code_status_t status = code_len == 0
                                 ? MIR_code_next_addr (ctx->space, 0, &res)
                                 : MIR_code_space_publish (ctx->space, code, code_len, NULL, &res);
  if (status != MIR_CODE_OK) fail (ctx, "_MIR_publish_code", status, code_len);
  return res;
}

uint8_t *_MIR_get_new_code_addr (MIR_context_t ctx, size_t size) {
  uint8_t *res = NULL;
  MIR_code_status_t status = MIR_code_next_addr (ctx->space, size, &res);
  if (status != MIR_CODE_OK) fail (ctx, "_MIR_get_new_code_addr", status, size);
  return res;
}

uint8_t *_MIR_publish_code_by_addr (MIR_context_t ctx, void *addr, const uint8_t *code,
                                    size_t code_len) {
  MIR_code_status_t status =
      MIR_code_publish_at (ctx->space, (uint8_t *) addr, code, code_len, NULL);
  if (status == MIR_CODE_OK) return (uint8_t *) addr;
  if (status != MIR_CODE_TAKEN) fail (ctx, "_MIR_publish_code_by_addr", status, code_len);
  return NULL;
}

void _MIR_change_code (MIR_context_t ctx, uint8_t *addr, const uint8_t *code, size_t code_len) {
  if (code_len == 0) return;
  MIR_code_status_t status = MIR_code_change (ctx->space, addr, code, code_len);
  if (status != MIR_CODE_OK) fail (ctx, "_MIR_change_code", status, code_len);
}

void _MIR_update_code_arr (MIR_context_t ctx, uint8_t *base, size_t nloc,
                           const MIR_code_reloc_t *relocs) {
  MIR_code_status_t status = MIR_code_update (ctx->space, base, nloc, relocs);
  if (status == MIR_CODE_OK) return;
  fail (ctx, "_MIR_update_code", status,
        nloc > SIZE_MAX / sizeof (void *) ? SIZE_MAX : nloc * sizeof (void *));
}

void _MIR_update_code (MIR_context_t ctx, uint8_t *base, size_t nloc, ...) {
  MIR_code_reloc_t relocs[MAX_UPDATES];
  va_list args;
  if (nloc >= MAX_UPDATES) {
    ctx->error_func (MIR_wrong_param_value_error, "_MIR_update_code: %zu relocations are too many",
                     nloc);
    return;
  }
  va_start (args, nloc);
  for (size_t i = 0; i < nloc; i++) {
    relocs[i].offset = va_arg (args, size_t);
    relocs[i].value = va_arg (args, void *);
  }
  va_end (args);
  _MIR_update_code_arr (ctx, base, nloc, relocs);
}

int _MIR_set_code (MIR_code_alloc_t code_alloc, size_t prot_start, size_t prot_len, uint8_t *base,
                   size_t nloc, const MIR_code_reloc_t *relocs, size_t reloc_size) {
  size_t len = reloc_size != 0 ? reloc_size : sizeof (void *);
  if (MIR_mem_protect (code_alloc, (void *) prot_start, prot_len, PROT_WRITE_EXEC) != 0) return -1;
  for (size_t i = 0; i < nloc; i++)
    memcpy (base + relocs[i].offset,
            reloc_size != 0 ? relocs[i].value : (const void *) &relocs[i].value, len);
  return MIR_mem_protect (code_alloc, (void *) prot_start, prot_len, PROT_READ_EXEC) == 0 ? 0 : -1;
}

void _MIR_flush_code_cache (void *start, void *bound) {
  MIR_code_flush (start, (size_t) ((char *) bound - (char *) start));
}

/*---------------- Thunks -----------------------------*/

void *_MIR_get_thunk (MIR_context_t ctx) {
  void *res = NULL;
  MIR_code_status_t status = MIR_code_thunk_new (ctx->space, NULL, &res);
  if (status != MIR_CODE_OK) fail (ctx, "_MIR_get_thunk", status, THUNK_LEN);
  return res;
}

void _MIR_redirect_thunk (MIR_context_t ctx, void *thunk, void *to) {
  MIR_code_status_t status = MIR_code_thunk_set (ctx->space, thunk, to);
  if (status != MIR_CODE_OK) fail (ctx, "_MIR_redirect_thunk", status, sizeof (to));
}

void *_MIR_get_thunk_addr (MIR_context_t ctx, void *thunk) {
  (void) ctx;
  return MIR_code_thunk_get (thunk);
}
