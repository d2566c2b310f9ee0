/* A stand-in for the header of MIR itself: its guard, some of its names, and what its functions promise
   here, a mark.  */
#ifndef MIR_H

#define MIR_H

#include <stddef.h>
#include <stdint.h>
#include <stdio.h>

#include "mir-alloc.h"
#include "mir-code-alloc.h"

#ifdef __cplusplus
extern "C" {
#endif

#ifdef __GNUC__
#define MIR_NO_RETURN __attribute__ ((noreturn))
#else
#define MIR_NO_RETURN
#endif

#define MIR_API_VERSION 0.2

typedef enum MIR_error_type { MIR_no_error, MIR_alloc_error = 3 } MIR_error_type_t;
typedef void MIR_NO_RETURN (*MIR_error_func_t) (MIR_error_type_t error_type, const char *format,
                                                ...);

typedef struct MIR_context *MIR_context_t;

struct MIR_code_reloc {
  size_t offset;
  const void *value;
};
typedef struct MIR_code_reloc MIR_code_reloc_t;

extern double _MIR_get_api_version (void);
extern MIR_context_t _MIR_init (MIR_alloc_t alloc, MIR_code_alloc_t code_alloc);
extern void MIR_finish (MIR_context_t ctx);
extern MIR_alloc_t MIR_get_alloc (MIR_context_t ctx);
extern MIR_code_alloc_t MIR_get_code_alloc (MIR_context_t ctx);
extern MIR_error_func_t MIR_get_error_func (MIR_context_t ctx);
extern void MIR_set_error_func (MIR_context_t ctx, MIR_error_func_t func);

/* All machine-code functions of the stand-in return the one they call, or MARK: so a caller sees if one of
   another library came in between.  */
extern uint8_t stand_in_mark[1];
extern uint8_t *_MIR_publish_code (MIR_context_t ctx, const uint8_t *code, size_t code_len);
extern uint8_t *_MIR_get_new_code_addr (MIR_context_t ctx, size_t size);
extern uint8_t *_MIR_publish_code_by_addr (MIR_context_t ctx, void *addr, const uint8_t *code,
                                           size_t code_len);
extern void _MIR_change_code (MIR_context_t ctx, uint8_t *addr, const uint8_t *code,
                              size_t code_len);
extern void _MIR_update_code_arr (MIR_context_t ctx, uint8_t *base, size_t nloc,
                                  const MIR_code_reloc_t *relocs);
extern void _MIR_update_code (MIR_context_t ctx, uint8_t *base, size_t nloc, ...);
extern int _MIR_set_code (MIR_code_alloc_t code_alloc, size_t prot_start, size_t prot_len,
                          uint8_t *base, size_t nloc, const MIR_code_reloc_t *relocs,
                          size_t reloc_size);
extern void _MIR_flush_code_cache (void *start, void *bound);
extern void *_MIR_get_thunk (MIR_context_t ctx);
extern void _MIR_redirect_thunk (MIR_context_t ctx, void *thunk, void *to);
extern void *_MIR_get_thunk_addr (MIR_context_t ctx, void *thunk);

/* Calls of void functions so far.  */
extern int stand_in_calls;

static inline MIR_context_t MIR_init2 (MIR_alloc_t alloc, MIR_code_alloc_t code_alloc) {
  return _MIR_get_api_version () == MIR_API_VERSION ? _MIR_init (alloc, code_alloc) : NULL;
}

#ifdef __cplusplus
}
#endif

#endif /* #ifndef MIR_H */
