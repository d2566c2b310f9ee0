/* Drives mruby: a script with objects, strings, blocks and a hash.  */
#include "adapters/mir-mruby.h"

#include <mruby/compile.h>
#include <mruby/version.h>

#include "guests/guest.h"
#include "guests/record.h"

static const char script[] =
    "all = {}\n"
    "200.times { |i| all[\"key #{i}\"] = [i, i.to_s * 3] }\n"
    "50.times { |i| all.delete(\"key #{i}\") }\n"
    "all.values.map { |v| v[1].length }.inject { |a, b| a + b }\n";

static void *record_mruby (mrb_state *state, void *ptr, size_t size, void *user_data) {
  (void) state, (void) user_data;
  if (size != 0) return record_realloc (ptr, size);
  record_free (ptr);
  return NULL;
}

static enum guest_result run_script (MIR_alloc_t alloc) {
  mrb_state *state = alloc != NULL ? mrb_open_allocf (MIR_mruby_alloc, alloc)
                                   : mrb_open_allocf (record_mruby, NULL);
  if (state == NULL) return GUEST_NO_MEMORY;
  mrb_value value = mrb_load_string (state, script);
  enum guest_result res = state->exc != NULL ? GUEST_NO_MEMORY
                          : mrb_integer_p (value) && mrb_integer (value) == 50 * 6 + 100 * 9
                              ? GUEST_RIGHT
                              : GUEST_WRONG;
  mrb_close (state);
  return res;
}

const char *guest_version (void) {
  return MRUBY_VERSION;
}

const struct guest guests[] = {
    {.name = "mruby", .run = run_script, .refusals = GUEST_NOT_ALWAYS},
    {.name = NULL},
};
