/* Executable memory beyond MIR's functions: what a long-running JIT runtime needs besides
   publishing.

   piece    what one _MIR_publish_code or _MIR_get_thunk made; occupies whole granules of 32 bytes

   In this file every function may be called from any thread and takes the context's lock; failures
   are reported as mir.h says, or by the return value where it says so here.  */
#ifndef MIR_CODE_H
#define MIR_CODE_H

#include "mir.h"

#ifdef __cplusplus
extern "C" {
#endif

/* Give the piece which starts at ADDR back; its place is used again by later ones.  No thread may
   be running it, return into it, or call it any more: that is the caller's to know.  Needs no
   memory; an ADDR where no piece starts calls the error function.  */
MIR_ALLOC_API void MIR_code_free (MIR_context_t ctx, void *addr);

typedef struct MIR_code_piece {
  uint8_t *start;
  size_t size; /* bytes, whole granules */
} MIR_code_piece_t;

/* Set *PIECE to the piece that ADDR is in, anywhere from its first byte to its last.  0; -1 if
   there is none, and *PIECE is untouched.  */
MIR_ALLOC_API int MIR_code_query (MIR_context_t ctx, const void *addr, MIR_code_piece_t *piece);

typedef struct MIR_code_stats {
  const char *backend; /* how the memory is written: "anon", "memfd", "remap" or "vtable" */
  size_t pieces;       /* published and not freed */
  size_t piece_bytes;  /* which they occupy */
  size_t mapped_bytes; /* of executable memory */
  size_t mappings;
} MIR_code_stats_t;

/* Set *STATS to how things are now.  Takes time in proportion to the mapped memory.  */
MIR_ALLOC_API void MIR_code_get_stats (MIR_context_t ctx, MIR_code_stats_t *stats);

#ifdef __cplusplus
}
#endif

#endif /* MIR_CODE_H */
