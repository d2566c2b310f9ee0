/* Writes the jumps of a plan into the CRT's pages, while the other threads are stopped.

   For that moment the pages are writable and not executable (W^X).  Nobody executes them: all other
   threads are stopped, and this thread calls nothing of a CRT.  A thread that the system starts
   meanwhile waits for the loader lock before it runs the program's code.  So no page is ever
   writable and executable at once, and nobody sees half a jump.  Only system calls are made here.

   Each page gets its own protection back, one page after another.  */

#include "ucrt/pages.h"

#include "ucrt/log.h"
#include "ucrt/nt.h"

enum { PAGES_MAX = 2 * UCRT_ENTRIES_MAX }; /* a jump may lie in two pages */

struct page {
  uint8_t *begin;
  ULONG old; /* protection before */
};

static struct page pages[PAGES_MAX]; /* guarded by the loader lock */
static unsigned pages_num;

/* Add the page of ADDRESS unless it is in the list.  */
static void add_page (uint8_t *address) {
  uint8_t *begin = (uint8_t *) ((uintptr_t) address & ~(uintptr_t) (UCRT_NT_PAGE - 1));
  for (unsigned i = 0; i < pages_num; i++)
    if (pages[i].begin == begin) return;
  pages[pages_num++].begin = begin;
}

/* Change the protection of one page; *OLD is the one before.  0, or -1.  */
static int set_protection (uint8_t *page, ULONG protection, ULONG *old) {
  void *address = page;
  SIZE_T size = UCRT_NT_PAGE;
  return ucrt_nt.protect (UCRT_NT_THIS_PROCESS, &address, &size, protection, old) < 0 ? -1 : 0;
}

/* Once written, a copy-on-write page of an image is private.  Asking for copy-on-write again
   restores the protection it had, at the third try if need be; where that fails, leave it
   executable and read-only.  */
static int restore_protection (const struct page *page) {
  ULONG old;
  for (int tries = 0; tries < 3; tries++)
    if (set_protection (page->begin, page->old, &old) == 0) return 0;
  return set_protection (page->begin, PAGE_EXECUTE_READ, &old);
}

/* Restore the first NUM pages; open all of them for writing.  0, or -1; open_pages then undoes.  */
static int close_pages (unsigned num) {
  int result = 0;
  for (unsigned i = 0; i < num; i++)
    if (restore_protection (&pages[i]) != 0) result = -1;
  return result;
}

static int open_pages (void) {
  for (unsigned i = 0; i < pages_num; i++)
    if (set_protection (pages[i].begin, PAGE_READWRITE, &pages[i].old) != 0) {
      close_pages (i);
      return -1;
    }
  return 0;
}

/* Not memcpy, which in a test may belong to the very CRT that is written.  */
static void put (uint8_t *to, const uint8_t *bytes) {
  volatile uint8_t *at = to;
  for (unsigned i = 0; i < UCRT_CPU.jump_size; i++) at[i] = bytes[i];
}

/* Flush the instruction cache where PLAN has written.  0, or -1.  */
static int flush (const struct ucrt_plan *plan) {
  for (unsigned i = 0; i < plan->patches_num; i++)
    if (ucrt_nt.flush (UCRT_NT_THIS_PROCESS, plan->patches[i].at, UCRT_CPU.jump_size) < 0)
      return -1;
  return 0;
}

int ucrt_write_jumps (struct ucrt_plan *plan) {
  pages_num = 0;
  for (unsigned i = 0; i < plan->patches_num; i++) {
    add_page (plan->patches[i].at);
    add_page (plan->patches[i].at + UCRT_CPU.jump_size - 1);
  }
  if (open_pages () != 0) {
    ucrt_format (plan->reason, UCRT_REASON_SIZE,
                 "the system did not allow the C runtime's pages to be written");
    return -1;
  }
  for (unsigned i = 0; i < plan->patches_num; i++) put (plan->patches[i].at, plan->patches[i].ours);
  int result = flush (plan);
  if (result != 0) {
    for (unsigned i = 0; i < plan->patches_num; i++)
      put (plan->patches[i].at, plan->patches[i].old);
    flush (plan);
    ucrt_format (plan->reason, UCRT_REASON_SIZE, "the system did not flush the instruction cache");
  }
  if (close_pages (pages_num) != 0)
    ucrt_format (plan->reason, UCRT_REASON_SIZE,
                 "the protection of the C runtime's pages could not be restored");
  return result;
}
