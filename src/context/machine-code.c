/* MIR's machine-code functions and ours: the code layer, its failures sent to the error function.
 */
#include "context/context.h"

#include <stdarg.h>
#include <stdatomic.h>

#include "code/cpu.h"
#include "mir-code.h"

enum { MAX_UPDATES = 20 }; /* MIR's limit: _MIR_update_code takes fewer */

static void fail (MIR_context_t ctx, const char *func, enum mir_code_status status, size_t len) {
  switch (status) {
    case MIR_CODE_OK:
    case MIR_CODE_TAKEN:
      break;
    case MIR_CODE_NO_MEMORY:
      ctx->error_func (MIR_alloc_error, "%s: no memory for the bookkeeping of %zu bytes of code",
                       func, len);
      break;
    case MIR_CODE_MAP_REFUSED:
      ctx->error_func (MIR_alloc_error, "%s: there is no executable memory for %zu bytes", func,
                       len);
      break;
    case MIR_CODE_WRITE_REFUSED:
      ctx->error_func (MIR_alloc_error,
                       "%s: the system refused to let %zu bytes of code be written", func, len);
      break;
    case MIR_CODE_TOO_LARGE:
      ctx->error_func (MIR_wrong_param_value_error, "%s: %zu bytes of code are too many", func,
                       len);
      break;
    case MIR_CODE_NOT_OURS:
      ctx->error_func (MIR_wrong_param_value_error,
                       "%s: no code of this context at the given place", func);
      break;
  }
}

uint8_t *_MIR_publish_code (MIR_context_t ctx, const uint8_t *code, size_t code_len) {
  uint8_t *res = NULL;
  enum mir_code_status status = mir_code_publish (&ctx->code, code, code_len, &res);
  if (status != MIR_CODE_OK) fail (ctx, "_MIR_publish_code", status, code_len);
  return res;
}

uint8_t *_MIR_get_new_code_addr (MIR_context_t ctx, size_t size) {
  uint8_t *res = NULL;
  enum mir_code_status status = mir_code_next_addr (&ctx->code, size, &res);
  if (status != MIR_CODE_OK) fail (ctx, "_MIR_get_new_code_addr", status, size);
  return res;
}

uint8_t *_MIR_publish_code_by_addr (MIR_context_t ctx, void *addr, const uint8_t *code,
                                    size_t code_len) {
  enum mir_code_status status = mir_code_publish_at (&ctx->code, (uint8_t *) addr, code, code_len);
  if (status == MIR_CODE_OK) return (uint8_t *) addr;
  fail (ctx, "_MIR_publish_code_by_addr", status, code_len);
  return NULL;
}

void _MIR_change_code (MIR_context_t ctx, uint8_t *addr, const uint8_t *code, size_t code_len) {
  if (code_len == 0) return;
  MIR_code_reloc_t reloc = {0, code};
  struct mir_code_edit edit = {addr, 1, &reloc, code_len};
  enum mir_code_status status = mir_code_edit (&ctx->code, &edit);
  if (status != MIR_CODE_OK) fail (ctx, "_MIR_change_code", status, code_len);
}

void _MIR_update_code_arr (MIR_context_t ctx, uint8_t *base, size_t nloc,
                           const MIR_code_reloc_t *relocs) {
  struct mir_code_edit edit = {base, nloc, relocs, 0};
  enum mir_code_status status = mir_code_edit (&ctx->code, &edit);
  if (status == MIR_CODE_OK) return;
  fail (ctx, "_MIR_update_code", status,
        nloc > SIZE_MAX / sizeof (void *) ? SIZE_MAX : nloc * sizeof (void *));
}

void _MIR_update_code (MIR_context_t ctx, uint8_t *base, size_t nloc, ...) {
  MIR_code_reloc_t relocs[MAX_UPDATES];
  va_list args;
  if (nloc >= MAX_UPDATES) {
    ctx->error_func (MIR_wrong_param_value_error, "_MIR_update_code: %zu places are too many",
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
  struct mir_code_edit edit = {base, nloc, relocs, reloc_size};
  if (MIR_mem_protect (code_alloc, (void *) prot_start, prot_len, PROT_WRITE_EXEC) != 0) return -1;
  mir_code_store (&edit);
  return MIR_mem_protect (code_alloc, (void *) prot_start, prot_len, PROT_READ_EXEC) == 0 ? 0 : -1;
}

void _MIR_flush_code_cache (void *start, void *bound) {
  mir_os_flush_icache (start, bound);
}

/*---------------- Pieces -----------------------------*/

void MIR_code_free (MIR_context_t ctx, void *addr) {
  enum mir_code_status status = mir_code_free (&ctx->code, (const uint8_t *) addr);
  if (status != MIR_CODE_OK) fail (ctx, "MIR_code_free", status, 0);
}

int MIR_code_query (MIR_context_t ctx, const void *addr, MIR_code_piece_t *piece) {
  MIR_code_piece_t found;
  if (mir_code_query (&ctx->code, (const uint8_t *) addr, &found.start, &found.size) != MIR_CODE_OK)
    return -1;
  *piece = found;
  return 0;
}

void MIR_code_get_stats (MIR_context_t ctx, MIR_code_stats_t *stats) {
  struct mir_code_totals totals;
  mir_code_total (&ctx->code, &totals);
  stats->backend = ctx->code.backend->name;
  stats->pieces = totals.pieces;
  stats->piece_bytes = totals.piece_bytes;
  stats->mapped_bytes = totals.mapped_bytes;
  stats->mappings = totals.holders;
}

/*---------------- Thunks -----------------------------*/

void *_MIR_get_thunk (MIR_context_t ctx) {
  uint8_t *res = NULL;
  size_t len = mir_cpu.thunk_cell + sizeof (void *);
  if (mir_cpu.thunk_cell == 0)
    ctx->error_func (MIR_alloc_error, "_MIR_get_thunk: there are no thunks for this CPU");
  enum mir_code_status status = mir_code_publish (&ctx->code, mir_cpu.thunk, len, &res);
  if (status != MIR_CODE_OK) fail (ctx, "_MIR_get_thunk", status, len);
  return res;
}

void _MIR_redirect_thunk (MIR_context_t ctx, void *thunk, void *to) {
  MIR_code_reloc_t reloc = {mir_cpu.thunk_cell, to};
  struct mir_code_edit edit = {(uint8_t *) thunk, 1, &reloc, 0};
  enum mir_code_status status = mir_code_edit (&ctx->code, &edit);
  if (status != MIR_CODE_OK) fail (ctx, "_MIR_redirect_thunk", status, sizeof (to));
}

void *_MIR_get_thunk_addr (MIR_context_t ctx, void *thunk) {
  uint8_t *cell = (uint8_t *) thunk + mir_cpu.thunk_cell;
  (void) ctx;
  return atomic_load_explicit ((_Atomic (void *) *) (void *) cell, memory_order_acquire);
}
