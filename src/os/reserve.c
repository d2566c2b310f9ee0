/* Searches for free addresses near a given one.  Any thread: another may take the addresses first,
   and then the search goes on.  */
#include "os/os.h"

#include "os/reserve.h"

/* The most addresses that are tried in each direction.  A gap as long as the range plus one step is
   never missed.  */
enum { STEPS = 2048 };

/* The first and the last address that the range may contain.  */
struct window {
  uintptr_t first, last;
};

/* Whether LEN > 0 bytes at START are all in WINDOW.  */
static int is_within (struct window window, uintptr_t start, size_t len) {
  return start >= window.first && start <= window.last && window.last - start >= len - 1;
}

/* Reserve LEN bytes at HINT, or where else the system puts them in WINDOW.  NULL: it does not.  */
static void *try_at (struct window window, uintptr_t hint, size_t len) {
  if (!is_within (window, hint, len)) return NULL;
  void *start = mir_os_reserve_at ((void *) hint, len);
  if (start == NULL || is_within (window, (uintptr_t) start, len)) return start;
  mir_os_unreserve (start, len);
  return NULL;
}

void *mir_os_reserve (size_t len, const void *near_addr, size_t reach) {
  if (near_addr == NULL) return mir_os_reserve_at (NULL, len);
  const uintptr_t unit = MIR_RESERVE_ALIGNMENT, addr = (uintptr_t) near_addr;
  if (reach == 0 || len == 0 || len > reach)
    return NULL; /* ADDR is taken, so the range lies beside it, not around it */
  struct window window = {.first = addr >= reach ? addr - (reach - 1) : 1,
                          .last = addr <= UINTPTR_MAX - reach ? addr + (reach - 1) : UINTPTR_MAX};
  uintptr_t step = (reach / STEPS + unit - 1) & ~(unit - 1), below = addr & ~(unit - 1);
  if (step == 0) step = unit;
  for (uintptr_t i = 0; i < reach / step; i++) {
    uintptr_t distance = i * step;
    void *start = NULL;
    if (below >= len + distance)
      start = try_at (window, (below - len - distance) & ~(unit - 1), len);
    if (start == NULL && below <= UINTPTR_MAX - unit - distance)
      start = try_at (window, below + unit + distance, len);
    if (start != NULL) return start;
  }
  return NULL;
}
