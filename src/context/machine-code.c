/* The machine-code functions of mir.h: failures of the code layer go to the error function, which
   may leave by longjmp, so no lock is held and nothing is half done when it is called.  Any thread.
   mir.h has the contract of each function.  */
#include "context/context.h"

#include <stdarg.h>

#include "mir-code.h"
#include "code/cpu.h"
#include "code/edit.h"
#include "code/publish.h"
#include "code/thunk.h"
#include "os/os.h"

enum { MAX_UPDATES = 20 }; /* MIR's limit: _MIR_update_code takes fewer */

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
    case MIR_CODE_NO_ADDRESS_SPACE:
    case MIR_CODE_NO_LOCKED_MEMORY:
    case MIR_CODE_TOO_MANY_MAPPINGS:
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
                                 ? mir_next_addr (&ctx->space.first, 0, &res)
                                 : mir_publish (&ctx->space.first, code, code_len, NULL, &res);
  if (status != MIR_CODE_OK) fail (ctx, "_MIR_publish_code", status, code_len);
  return res;
}

uint8_t *_MIR_get_new_code_addr (MIR_context_t ctx, size_t size) {
  uint8_t *res = NULL;
  MIR_code_status_t status = mir_next_addr (&ctx->space.first, size, &res);
  if (status != MIR_CODE_OK) fail (ctx, "_MIR_get_new_code_addr", status, size);
  return res;
}

uint8_t *_MIR_publish_code_by_addr (MIR_context_t ctx, void *addr, const uint8_t *code,
                                    size_t code_len) {
  MIR_code_status_t status = mir_publish_at (&ctx->space, (uint8_t *) addr, code, code_len);
  if (status == MIR_CODE_OK) return (uint8_t *) addr;
  if (status != MIR_CODE_TAKEN) fail (ctx, "_MIR_publish_code_by_addr", status, code_len);
  return NULL;
}

void _MIR_change_code (MIR_context_t ctx, uint8_t *addr, const uint8_t *code, size_t code_len) {
  if (code_len == 0) return;
  MIR_code_reloc_t reloc = {.value = code};
  struct mir_edit edit = {.base = addr, .count = 1, .relocs = &reloc, .size = code_len};
  MIR_code_status_t status = mir_edit (&ctx->space, &edit);
  if (status != MIR_CODE_OK) fail (ctx, "_MIR_change_code", status, code_len);
}

void _MIR_update_code_arr (MIR_context_t ctx, uint8_t *base, size_t nloc,
                           const MIR_code_reloc_t *relocs) {
  struct mir_edit edit = {.base = base, .count = nloc, .relocs = relocs, .size = 0};
  MIR_code_status_t status = mir_edit (&ctx->space, &edit);
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
  struct mir_edit edit = {.base = base, .count = nloc, .relocs = relocs, .size = reloc_size};
  if (MIR_mem_protect (code_alloc, (void *) prot_start, prot_len, PROT_WRITE_EXEC) != 0) return -1;
  mir_edit_store (&edit);
  return MIR_mem_protect (code_alloc, (void *) prot_start, prot_len, PROT_READ_EXEC) == 0 ? 0 : -1;
}

void _MIR_flush_code_cache (void *start, void *bound) {
  mir_os_clean_icache (start, bound);
  mir_os_sync_cores_for_new ();
}

/*---------------- Thunks -----------------------------*/

void *_MIR_get_thunk (MIR_context_t ctx) {
  uint8_t *res = NULL;
  if (mir_cpu.thunk_cell == 0)
    ctx->error_func (MIR_alloc_error, "_MIR_get_thunk: thunks are not supported on this CPU");
  MIR_code_status_t status = mir_thunk_new (&ctx->space.first, &res);
  if (status != MIR_CODE_OK)
    fail (ctx, "_MIR_get_thunk", status, mir_cpu.thunk_cell + sizeof (void *));
  return res;
}

void _MIR_redirect_thunk (MIR_context_t ctx, void *thunk, void *to) {
  MIR_code_status_t status = mir_thunk_redirect (&ctx->space, thunk, to);
  if (status != MIR_CODE_OK) fail (ctx, "_MIR_redirect_thunk", status, sizeof (to));
}

void *_MIR_get_thunk_addr (MIR_context_t ctx, void *thunk) {
  (void) ctx;
  return mir_thunk_target (thunk);
}
