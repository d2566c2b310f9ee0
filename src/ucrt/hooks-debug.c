/* What a debug CRT says of a block, part of the module of hooks.h.

   A debug CRT's own blocks have a header with a type, a file, a line and a number, and are in a
   list.  Blocks of ours have none of that and count as normal blocks.  The CRT's functions that walk
   the list (_CrtMemCheckpoint, _CrtDumpMemoryLeaks, _CrtDoForAllClientObjects ...) are left alone:
   no block of ours is there.  Those here look before a block for its header, or write there, where
   the end of another block may be.  */

#include "ucrt/hooks-slow.h"

#include "ucrt/block-size.h"
#include "ucrt/foreign-heap.h"
#include "ucrt/hooks.h"

/* "In the heap shared by all C runtimes" (Microsoft Learn, _CrtIsValidHeapPointer): ours, or the
   CRT's own.  */
int ucrt_is_valid_heap_pointer (struct ucrt_crt *crt, const void *block) {
  if (block == NULL) return 0;
  return ucrt_is_ours (block) ? ucrt_is_begin_of_ours (block) : ucrt_foreign_is_block (crt, block);
}

/* Whether SIZE is what was asked for of BLOCK, which is ours.  */
static int has_size (struct ucrt_crt *crt, const void *block, unsigned size) {
  size_t own = ucrt_msize (crt, (void *) (uintptr_t) block);
  return MIR_UCRT_EXACT_SIZE ? own == size : own >= size;
}

int ucrt_is_memory_block (struct ucrt_crt *crt, const void *block, unsigned size,
                          long *request_number, char **file, int *line) {
  if (request_number != NULL) *request_number = 0;
  if (file != NULL) *file = NULL;
  if (line != NULL) *line = 0;
  return block != NULL && ucrt_is_begin_of_ours (block) && has_size (crt, block, size);
}

int ucrt_report_block_type (struct ucrt_crt *crt, const void *block) {
  (void) crt;
  return block != NULL && ucrt_is_begin_of_ours (block) ? UCRT_NORMAL_BLOCK : UCRT_NO_BLOCK;
}

/* No type is kept.  */
void ucrt_set_block_type (struct ucrt_crt *crt, void *block, int type) {
  (void) crt;
  (void) block;
  (void) type;
}
