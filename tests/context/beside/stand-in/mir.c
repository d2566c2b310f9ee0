/* A stand-in for MIR itself: functions of its names, which leave marks and call each other as MIR's
   do.  */
#include "mir.h"

struct MIR_context {
  MIR_alloc_t alloc;
  MIR_code_alloc_t code_alloc;
};

static struct MIR_context the_context;
uint8_t stand_in_mark[1];
int stand_in_calls;

double _MIR_get_api_version (void) {
  return MIR_API_VERSION;
}

MIR_context_t _MIR_init (MIR_alloc_t alloc, MIR_code_alloc_t code_alloc) {
  the_context.alloc = alloc;
  the_context.code_alloc = code_alloc;
  return &the_context;
}

void MIR_finish (MIR_context_t ctx) {
  stand_in_calls += ctx == &the_context;
}

MIR_alloc_t MIR_get_alloc (MIR_context_t ctx) {
  return ctx->alloc;
}

MIR_code_alloc_t MIR_get_code_alloc (MIR_context_t ctx) {
  return ctx->code_alloc;
}

MIR_error_func_t MIR_get_error_func (MIR_context_t ctx) {
  (void) ctx;
  return NULL;
}

void MIR_set_error_func (MIR_context_t ctx, MIR_error_func_t func) {
  stand_in_calls += ctx == &the_context && func == NULL;
}

uint8_t *_MIR_get_new_code_addr (MIR_context_t ctx, size_t size) {
  (void) ctx, (void) size;
  return stand_in_mark;
}

uint8_t *_MIR_publish_code_by_addr (MIR_context_t ctx, void *addr, const uint8_t *code,
                                    size_t code_len) {
  (void) ctx, (void) code, (void) code_len;
  return (uint8_t *) addr;
}

uint8_t *_MIR_publish_code (MIR_context_t ctx, const uint8_t *code, size_t code_len) {
  return _MIR_publish_code_by_addr (ctx, _MIR_get_new_code_addr (ctx, code_len), code, code_len);
}

int _MIR_set_code (MIR_code_alloc_t code_alloc, size_t prot_start, size_t prot_len, uint8_t *base,
                   size_t nloc, const MIR_code_reloc_t *relocs, size_t reloc_size) {
  (void) code_alloc, (void) prot_start, (void) prot_len, (void) relocs, (void) reloc_size;
  stand_in_calls += base == stand_in_mark && nloc == 1;
  return 0;
}

void _MIR_flush_code_cache (void *start, void *bound) {
  stand_in_calls += start == bound;
}

void _MIR_change_code (MIR_context_t ctx, uint8_t *addr, const uint8_t *code, size_t code_len) {
  (void) code, (void) code_len;
  (void) _MIR_set_code (ctx->code_alloc, 0, 0, addr, 1, NULL, 0);
  _MIR_flush_code_cache (addr, addr);
}

void _MIR_update_code_arr (MIR_context_t ctx, uint8_t *base, size_t nloc,
                           const MIR_code_reloc_t *relocs) {
  (void) _MIR_set_code (ctx->code_alloc, 0, 0, base, nloc, relocs, 0);
}

void _MIR_update_code (MIR_context_t ctx, uint8_t *base, size_t nloc, ...) {
  _MIR_update_code_arr (ctx, base, nloc, NULL);
}

void *_MIR_get_thunk (MIR_context_t ctx) {
  return _MIR_publish_code (ctx, NULL, 0);
}

void _MIR_redirect_thunk (MIR_context_t ctx, void *thunk, void *to) {
  (void) to;
  _MIR_change_code (ctx, (uint8_t *) thunk, NULL, 0);
}

void *_MIR_get_thunk_addr (MIR_context_t ctx, void *thunk) {
  (void) ctx;
  return thunk;
}
