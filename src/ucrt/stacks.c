/* Words on the stack of a stopped thread, for every CPU.  */

#include "ucrt/stacks.h"

#include "ucrt/nt.h"

enum { STACK_MAX = 16 << 20 }; /* bytes of a stack to scan */

int ucrt_is_inside (const struct ucrt_code_ranges *ranges, uintptr_t address) {
  if (address - ranges->begin >= ranges->end - ranges->begin) return 0;
  for (unsigned i = 0; i < ranges->num; i++) {
    const struct ucrt_range *range = &ranges->list[i];
    if (address - range->begin < range->end - range->begin) return 1;
  }
  return 0;
}

/* A program may have put SP anywhere.  The pages of a stack are committed one after another with
   one protection, so the region's end is the stack's end or behind it.  */
uintptr_t ucrt_stack_end (uintptr_t sp) {
  MEMORY_BASIC_INFORMATION info;
  const DWORD readable = PAGE_READONLY | PAGE_READWRITE | PAGE_WRITECOPY | PAGE_EXECUTE_READ
                         | PAGE_EXECUTE_READWRITE | PAGE_EXECUTE_WRITECOPY;
  if (ucrt_nt.query (UCRT_NT_THIS_PROCESS, (void *) sp, UCRT_NT_MEMORY_BASIC, &info, sizeof (info),
                     NULL)
      < 0)
    return sp;
  if (info.State != MEM_COMMIT || (info.Protect & readable) == 0
      || (info.Protect & PAGE_GUARD) != 0)
    return sp;
  uintptr_t end = (uintptr_t) info.BaseAddress + info.RegionSize;
  return end - sp > STACK_MAX ? sp + STACK_MAX : end;
}

int ucrt_words_lead_inside (const struct ucrt_code_ranges *ranges, uintptr_t sp) {
  sp = (sp + sizeof (uintptr_t) - 1) & ~(uintptr_t) (sizeof (uintptr_t) - 1);
  const volatile uintptr_t *last = (const volatile uintptr_t *) ucrt_stack_end (sp);
  for (const volatile uintptr_t *word = (const volatile uintptr_t *) sp; word < last; word++)
    if (ucrt_is_inside (ranges, *word)) return 1;
  return 0;
}
