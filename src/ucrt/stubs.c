/* Jump stubs: memory so near to a CRT that its jumps reach it.  It is written first and made
   executable then, never both at once (W^X).  */

#include "ucrt/stubs.h"

#include "ucrt/native.h"
#include "ucrt/nt.h"

enum { GRAIN = 0x10000 };  /* bytes: Windows allocates at multiples of this */
enum { TRIES_MAX = 4096 }; /* regions that are looked at in one direction */

void ucrt_release_stubs (void *stubs) {
  SIZE_T whole = 0;
  if (stubs != NULL) ucrt_nt.release (UCRT_NT_THIS_PROCESS, &stubs, &whole, MEM_RELEASE);
}

/* Make PAGE executable and read-only.  0, or -1.  */
static int make_executable (void *page) {
  SIZE_T size = UCRT_NT_PAGE;
  ULONG old;
  if (ucrt_nt.protect (UCRT_NT_THIS_PROCESS, &page, &size, PAGE_EXECUTE_READ, &old) < 0) return -1;
  return ucrt_nt.flush (UCRT_NT_THIS_PROCESS, page, UCRT_NT_PAGE) < 0 ? -1 : 0;
}

/* Set *LOW and *HIGH to the range of addresses within reach of every patch; *LOW > *HIGH if no
   address is.  */
static void reach_of (const struct ucrt_plan *plan, uint64_t *low, uint64_t *high) {
  uint64_t first = UINT64_MAX, last = 0, reach = UCRT_CPU.reach - UCRT_NT_PAGE;
  for (unsigned i = 0; i < plan->patches_num; i++) {
    uint64_t at = (uintptr_t) plan->patches[i].at;
    if (at < first) first = at;
    if (at > last) last = at;
  }
  *low = last > reach ? last - reach : 0;
  *high = first + reach;
  if (*low < GRAIN) *low = GRAIN;
}

/* Whether the region at ADDRESS is free, and where it begins and ends.  Returns 0, or -1 on
   failure.  */
static int region_at (uint64_t address, int *is_free, uint64_t *begin, uint64_t *end) {
  MEMORY_BASIC_INFORMATION info;
  if (ucrt_nt.query (UCRT_NT_THIS_PROCESS, (void *) (uintptr_t) address, UCRT_NT_MEMORY_BASIC,
                     &info, sizeof (info), NULL)
      < 0)
    return -1;
  *is_free = info.State == MEM_FREE;
  *end = (uintptr_t) info.BaseAddress + info.RegionSize;
  /* A free region has no allocation base; its own base is the page that was asked for.  */
  *begin = info.State == MEM_FREE ? (uintptr_t) info.BaseAddress : (uintptr_t) info.AllocationBase;
  return 0;
}

/* Allocate a page at the lowest free address from ADDRESS on, below HIGH; NULL if there is
   none.  */
static void *page_above (uint64_t address, uint64_t high) {
  int is_free;
  uint64_t begin, end;
  for (int tries = 0; tries < TRIES_MAX && address < high; tries++) {
    if (region_at (address, &is_free, &begin, &end) != 0 || end <= address) return NULL;
    void *page = is_free && end - address >= UCRT_NT_PAGE
                     ? ucrt_native_page ((void *) (uintptr_t) address)
                     : NULL;
    if (page != NULL) return page;
    address = is_free ? address + GRAIN : (end + GRAIN - 1) & ~(uint64_t) (GRAIN - 1);
  }
  return NULL;
}

/* Allocate a page at the highest free address up to ADDRESS, not below LOW; NULL if there is
   none.  */
static void *page_below (uint64_t address, uint64_t low) {
  int is_free;
  uint64_t begin, end;
  for (int tries = 0; tries < TRIES_MAX && address >= low; tries++) {
    if (region_at (address, &is_free, &begin, &end) != 0) return NULL;
    void *page = is_free && end - address >= UCRT_NT_PAGE
                     ? ucrt_native_page ((void *) (uintptr_t) address)
                     : NULL;
    if (page != NULL) return page;
    if (!is_free) address = begin & ~(uint64_t) (GRAIN - 1);
    if (address < low + GRAIN) return NULL;
    address -= GRAIN;
  }
  return NULL;
}

/* Search above the CRT first: modules are loaded from the top down, so space below is needed
   sooner.  */
static void *page_near (const struct ucrt_plan *plan) {
  uint64_t low, high, base = (uintptr_t) plan->crt->base;
  reach_of (plan, &low, &high);
  void *page = page_above ((base + plan->crt->size + GRAIN - 1) & ~(uint64_t) (GRAIN - 1), high);
  return page != NULL ? page : page_below ((base & ~(uint64_t) (GRAIN - 1)) - GRAIN, low);
}

/* The number of stubs that PLAN needs.  */
static int distant_num (const struct ucrt_plan *plan) {
  int num = 0;
  for (unsigned i = 0; i < plan->patches_num; i++) num += plan->patches[i].distant;
  return num;
}

/* Whether this process may make memory executable, tried on a page of our own: otherwise the CRT's
   pages could not become executable again.  */
static int may_execute (void) {
  void *page = ucrt_native_page (NULL);
  int result = page == NULL ? -1 : make_executable (page);
  ucrt_release_stubs (page);
  return result;
}

int ucrt_make_stubs (struct ucrt_plan *plan) {
  if (distant_num (plan) == 0) return may_execute ();
  uint8_t *next = page_near (plan);
  if (next == NULL) return -1;
  plan->stubs = next;
  int result = 0;
  for (unsigned i = 0; i < plan->patches_num; i++) {
    struct ucrt_patch *patch = &plan->patches[i];
    if (!patch->distant) continue;
    UCRT_CPU.encode_stub (next, (uintptr_t) next, (uintptr_t) patch->hook);
    if (UCRT_CPU.encode_jump (patch->ours, (uintptr_t) patch->at, (uintptr_t) next) != 0)
      result = -1;
    next += UCRT_STUB_SIZE;
  }
  if (result == 0) result = make_executable (plan->stubs);
  if (result != 0) {
    ucrt_release_stubs (plan->stubs);
    plan->stubs = NULL;
  }
  return result;
}
