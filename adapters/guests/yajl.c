/* Drives yajl: generates a text and parses it.  */
#include "adapters/mir-yajl.h"

#include <stdio.h>
#include <string.h>
#include <yajl/yajl_gen.h>
#include <yajl/yajl_parse.h>
#include <yajl/yajl_version.h>

#include "guests/guest.h"
#include "guests/record.h"

enum { MEMBERS = 1000 };

static int on_integer (void *sum, long long number) {
  *(long long *) sum += number;
  return 1;
}

static yajl_gen_status generate (yajl_gen gen) {
  yajl_gen_status status = yajl_gen_map_open (gen);
  for (int i = 0; i < MEMBERS && status == yajl_gen_status_ok; i++) {
    char name[32];
    int len = snprintf (name, sizeof (name), "a name\twith %d", i);
    status = yajl_gen_string (gen, (const unsigned char *) name, (size_t) len);
    if (status == yajl_gen_status_ok) status = yajl_gen_integer (gen, i);
  }
  return status == yajl_gen_status_ok ? yajl_gen_map_close (gen) : status;
}

static enum guest_result there_and_back (MIR_alloc_t alloc) {
  yajl_alloc_funcs funcs = {record_opaque_malloc, record_opaque_realloc, record_opaque_free, NULL};
  if (alloc != NULL) funcs = MIR_yajl_funcs (alloc);
  const yajl_callbacks callbacks = {.yajl_integer = on_integer};
  long long sum = 0;
  yajl_gen gen = yajl_gen_alloc (&funcs);
  yajl_handle handle = yajl_alloc (&callbacks, &funcs, &sum);
  enum guest_result res = GUEST_NO_MEMORY;
  if (gen != NULL && handle != NULL && generate (gen) == yajl_gen_status_ok) {
    const unsigned char *text;
    size_t len;
    yajl_gen_get_buf (gen, &text, &len);
    res = yajl_parse (handle, text, len) == yajl_status_ok
                  && yajl_complete_parse (handle) == yajl_status_ok
                  && sum == MEMBERS * (MEMBERS - 1LL) / 2
              ? GUEST_RIGHT
              : GUEST_WRONG;
  }
  if (handle != NULL) yajl_free (handle);
  if (gen != NULL) yajl_gen_free (gen);
  return res;
}

const char *guest_version (void) {
  static char text[16];
  snprintf (text, sizeof (text), "%d.%d.%d", yajl_version () / 10000, yajl_version () / 100 % 100,
            yajl_version () % 100);
  return text;
}

const struct guest guests[] = {
    {.name = "yajl", .run = there_and_back, .refusals = GUEST_NOT_ALWAYS},
    {.name = NULL},
};
