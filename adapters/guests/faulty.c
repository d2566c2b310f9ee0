/* A driver for the tests of observe.c: one guest does its work, the other has wrong results when FAULTY
   is in the environment.  */
#include <stdlib.h>
#include <string.h>

#include "guests/guest.h"
#include "guests/record.h"

const char *guest_version (void) {
  return "0";
}

/* A block of ALLOC, or of the recorder, that comes and goes.  */
static enum guest_result work (MIR_alloc_t alloc) {
  void *block = alloc != NULL ? MIR_malloc (alloc, 100) : record_malloc (100);
  if (block == NULL) return GUEST_NO_MEMORY;
  memset (block, 1, 100);
  if (alloc != NULL)
    MIR_free (alloc, block);
  else
    record_free (block);
  return GUEST_RIGHT;
}

static enum guest_result work_or_not (MIR_alloc_t alloc) {
  enum guest_result res = work (alloc);
  return getenv ("FAULTY") != NULL ? GUEST_WRONG : res;
}

const struct guest guests[] = {
    {.name = "sound", .run = work}, {.name = "faulty", .run = work_or_not}, {.name = NULL}};
