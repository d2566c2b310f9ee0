/* Moves large blocks: their pages change places, and only what does not fill a page is copied.  Copying
   would cost a page fault for each page of the new block, and both blocks' memory.

     FROM  [ head | page | page ... page | tail ]     head and tail are copied, the pages between
     TO    [ head | page | page ... page | tail ]     them are moved; both blocks begin at the same
                                                      place in a page, or all is copied

   The system never joins a moved mapping with its neighbours again, and a process may have only so many
   (65530, vm.max_map_count), which code needs too.  So now and then this file counts them, and copies
   while there are many.  */
#include "heap/large.h"

#include <stdatomic.h>
#include <string.h>

#include "heap/supply.h"
#include "os/mappings.h"
#include "os/os.h"
#include "os/pages.h"

enum {
  MANY_MAPPINGS = 8192, /* of the process */
  GROWTHS_PER_COUNT = 256
};

static atomic_uint growths;
static atomic_int has_many; /* when they were counted last */

/* A mir_mapping_func_t.  */
static void count_mapping (void *user_data, uintptr_t start, uintptr_t last) {
  (void) start, (void) last;
  ++*(size_t *) user_data;
}

/* Whether a move may make more mappings.  Where the system does not tell how many there are: no.  */
static int may_map_more (void) {
  if (atomic_fetch_add_explicit (&growths, 1, memory_order_relaxed) % GROWTHS_PER_COUNT
      == GROWTHS_PER_COUNT - 1) {
    size_t num = 0;
    int is_known = mir_os_each_mapping (0, UINTPTR_MAX, count_mapping, &num) == 0;
    atomic_store_explicit (&has_many, !is_known || num > MANY_MAPPINGS, memory_order_relaxed);
  }
  return !atomic_load_explicit (&has_many, memory_order_relaxed);
}

int mir_large_move (void *from, void *to, size_t len) {
  size_t page = mir_os_page_size (), head = (page - (uintptr_t) from % page) % page;
  size_t pages = len > head ? (len - head) / page * page : 0;
  char *source = (char *) from, *target = (char *) to;
  int res = pages != 0 && (uintptr_t) from % page == (uintptr_t) to % page && may_map_more ()
                ? mir_os_move (source + head, target + head, pages)
                : -1;
  if (res == -2) return -1;
  if (res != 0) {
    memcpy (to, from, len);
    return 0;
  }
  mir_supply_emptied (source + head, pages);
  memcpy (to, from, head);
  memcpy (target + head + pages, source + head + pages, len - head - pages);
  return 0;
}
