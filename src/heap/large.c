/* Moves large blocks: their pages change places, and only what does not fill a page is copied.  Copying
   would cost a page fault for each page of the new block, and both blocks' memory.

     FROM  [ head | page | page ... page | tail ]     head and tail are copied, the pages between
     TO    [ head | page | page ... page | tail ]     them are moved; both blocks begin at the same
                                                      place in a page, or all is copied  */
#include "heap/large.h"

#include <string.h>

#include "heap/supply.h"
#include "os/os.h"
#include "os/pages.h"

int mir_large_move (void *from, void *to, size_t len) {
  size_t page = mir_os_page_size (), head = (page - (uintptr_t) from % page) % page;
  size_t pages = len > head ? (len - head) / page * page : 0;
  char *source = (char *) from, *target = (char *) to;
  int res = pages != 0 && (uintptr_t) from % page == (uintptr_t) to % page
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
