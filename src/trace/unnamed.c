/* Names functions that no module exports, at the end of a trace.  */
#include "trace/unnamed.h"

#include <stdlib.h> /* qsort */

#include "os/symbols.h"
#include "trace/record.h"

void mir_trace_keep_unnamed (struct mir_trace_unnamed *unnamed, uintptr_t address) {
  size_t i = (size_t) (address ^ address >> 9) % MIR_TRACE_UNNAMED;
  for (; unnamed->addresses[i] != 0; i = (i + 1) % MIR_TRACE_UNNAMED)
    if (unnamed->addresses[i] == address) return;
  if (unnamed->num >= MIR_TRACE_UNNAMED / 4 * 3) return;
  unnamed->addresses[i] = address;
  unnamed->num++;
}

static int compare_lookups (const void *a, const void *b) {
  uintptr_t one = ((const struct mir_os_lookup *) a)->address,
            two = ((const struct mir_os_lookup *) b)->address;
  return one < two ? -1 : one > two;
}

/* A later name of an address takes the place of an earlier one.  */
static void write_name (void *user_data, uintptr_t address,
                        const struct mir_os_function *function) {
  MIR_trace_t trace = (MIR_trace_t) user_data;
  mir_trace_lock ();
  if (mir_trace_make_room (trace)) mir_trace_symbol (trace, address + 1, function->name);
  mir_trace_unlock ();
}

/* Whether names can still be written.  */
static int can_write_names (MIR_trace_t trace) {
  mir_trace_lock ();
  int res = mir_trace_make_room (trace);
  mir_trace_unlock ();
  return res;
}

void mir_trace_write_names (MIR_trace_t trace) {
  struct mir_trace_unnamed *unnamed = trace->unnamed;
  size_t num = 0;
  if (unnamed == NULL || unnamed->num == 0 || !can_write_names (trace)) return;
  struct mir_os_lookup *lookups =
      (struct mir_os_lookup *) MIR_calloc (trace->own, unnamed->num, sizeof (*lookups));
  if (lookups == NULL) return;
  for (size_t i = 0; i < MIR_TRACE_UNNAMED; i++)
    if (unnamed->addresses[i] != 0)
      lookups[num++].address = unnamed->addresses[i] - 1; /* in the call */
  qsort (lookups, num, sizeof (*lookups), compare_lookups);
  mir_os_each_function (lookups, num, write_name, trace);
  MIR_free (trace->own, lookups);
}
