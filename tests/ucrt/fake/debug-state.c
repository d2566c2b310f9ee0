/* The state of a debug C runtime's heap: what looks at its list, its flags and hooks.  */

#include "debug-crt.h"

EXPORT void _CrtMemCheckpoint (struct fake_state *state);
EXPORT void _CrtMemDumpAllObjectsSince (const struct fake_state *state);

/*---------------- One block -----------------------------*/

EXPORT int _CrtIsValidHeapPointer (const void *block) {
  return block != NULL
         && HeapValidate (fake_heap.handle, 0,
                          (const uint8_t *) block - sizeof (struct fake_header));
}

EXPORT int _CrtIsMemoryBlock (const void *block, unsigned size, long *number, char **file,
                              int *line) {
  int is = 0;
  if (number != NULL) *number = 0;
  if (file != NULL) *file = NULL;
  if (line != NULL) *line = 0;
  EnterCriticalSection (&fake_heap.lock);
  for (struct fake_header *header = fake_heap.newest; header != NULL; header = header->next) {
    if ((const void *) (header + 1) != block || header->size != size) continue;
    is = 1;
    if (number != NULL) *number = header->number;
    if (file != NULL) *file = (char *) (uintptr_t) header->file;
    if (line != NULL) *line = header->line;
  }
  LeaveCriticalSection (&fake_heap.lock);
  return is;
}

/* These two believe what _CrtIsValidHeapPointer says.  */

EXPORT int _CrtReportBlockType (const void *block) {
  return _CrtIsValidHeapPointer (block) ? ((const struct fake_header *) block - 1)->type : -1;
}

#ifndef FAKE_WITHOUT_TYPES
EXPORT
#endif
void _CrtSetDbgBlockType (void *block, int type);

void _CrtSetDbgBlockType (void *block, int type) {
  if (_CrtIsValidHeapPointer (block)) ((struct fake_header *) block - 1)->type = type;
}

/*---------------- All blocks -----------------------------*/

EXPORT void _CrtMemCheckpoint (struct fake_state *state) {
  if (state == NULL) {
    fake_invalid ();
    return;
  }
  EnterCriticalSection (&fake_heap.lock);
  *state = (struct fake_state) {
      .newest = fake_heap.newest, .most = fake_heap.most, .total = fake_heap.total};
  for (struct fake_header *header = fake_heap.newest; header != NULL; header = header->next) {
    state->counts[header->type & 0xffff]++;
    state->sizes[header->type & 0xffff] += header->size;
  }
  LeaveCriticalSection (&fake_heap.lock);
}

EXPORT int _CrtMemDifference (struct fake_state *difference, const struct fake_state *old,
                              const struct fake_state *new) {
  int is = 0;
  for (int type = 0; type < BLOCKS_NUM; type++) {
    difference->counts[type] = new->counts[type] - old->counts[type];
    difference->sizes[type] = new->sizes[type] - old->sizes[type];
    if (type == FREE_BLOCK || (type == CRT_BLOCK && (fake_heap.flags & CHECK_CRT) == 0)) continue;
    is |= difference->counts[type] != 0 || difference->sizes[type] != 0;
  }
  difference->most = new->most - old->most;
  difference->total = new->total - old->total;
  return is;
}

EXPORT void _CrtMemDumpStatistics (const struct fake_state *state) {
  if (state == NULL)
    fake_invalid ();
  else
    fake_heap.reports++;
}

EXPORT void _CrtMemDumpAllObjectsSince (const struct fake_state *state) {
  EnterCriticalSection (&fake_heap.lock);
  struct fake_header *end = state != NULL ? state->newest : NULL;
  for (struct fake_header *header = fake_heap.newest; header != end; header = header->next) {
    int type = header->type & 0xffff;
    if (type == FREE_BLOCK || type == IGNORE_BLOCK) continue;
    if (type == CRT_BLOCK && (fake_heap.flags & CHECK_CRT) == 0) continue;
    fake_heap.reports++;
    if (type == CLIENT_BLOCK && fake_heap.dump != NULL) fake_heap.dump (header + 1, header->size);
  }
  LeaveCriticalSection (&fake_heap.lock);
}

EXPORT int _CrtDumpMemoryLeaks (void) {
  struct fake_state state;
  _CrtMemCheckpoint (&state);
  if (state.counts[NORMAL_BLOCK] == 0 && state.counts[CLIENT_BLOCK] == 0
      && ((fake_heap.flags & CHECK_CRT) == 0 || state.counts[CRT_BLOCK] == 0))
    return 0;
  _CrtMemDumpAllObjectsSince (NULL);
  return 1;
}

EXPORT int _CrtCheckMemory (void) {
  int is = 1;
  EnterCriticalSection (&fake_heap.lock);
  for (struct fake_header *header = fake_heap.newest; header != NULL; header = header->next)
    is &= fake_is_intact (header);
  LeaveCriticalSection (&fake_heap.lock);
  return is && HeapValidate (fake_heap.handle, 0, NULL);
}

EXPORT void _CrtDoForAllClientObjects (void (__cdecl *function) (void *, void *), void *context) {
  if (function == NULL) {
    fake_invalid ();
    return;
  }
  if ((fake_heap.flags & ALLOC_MEM) == 0) return;
  EnterCriticalSection (&fake_heap.lock);
  for (struct fake_header *header = fake_heap.newest; header != NULL; header = header->next)
    if ((header->type & 0xffff) == CLIENT_BLOCK) function (header + 1, context);
  LeaveCriticalSection (&fake_heap.lock);
}

/*---------------- Flags and hooks -----------------------------*/

EXPORT int _CrtSetDbgFlag (int flags) {
  int old = fake_heap.flags, known = ALLOC_MEM | DELAY_FREE | CHECK_ALWAYS | CHECK_CRT | LEAK_CHECK;
  if (flags == REPORT_FLAG) return old;
  if ((flags & 0xffff & ~known) != 0)
    fake_invalid ();
  else
    fake_heap.flags = flags;
  return old;
}

EXPORT long _CrtSetBreakAlloc (long number) {
  long old = fake_heap.break_number;
  fake_heap.break_number = number;
  return old;
}

EXPORT fake_hook_t _CrtSetAllocHook (fake_hook_t hook) {
  fake_hook_t old = fake_heap.hook;
  fake_heap.hook = hook;
  return old;
}

EXPORT fake_hook_t _CrtGetAllocHook (void) {
  return fake_heap.hook;
}

EXPORT fake_dump_t _CrtSetDumpClient (fake_dump_t dump) {
  fake_dump_t old = fake_heap.dump;
  fake_heap.dump = dump;
  return old;
}
