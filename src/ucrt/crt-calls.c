/* The CRTs that are known, and calls of their functions.  Entries change under the loader's locks;
   `initialised` only ever becomes 1, so any thread may set it.  */

#include "ucrt/crt-calls.h"

#include <errno.h>

struct ucrt_crt ucrt_crts[MIR_UCRT_CRTS_MAX];

/* A CRT's DllMain gets the heap and the locks first, then the command line.  A debug CRT without a
   heap, before that or after its end, must not be asked for it: its _get_heap_handle would report a
   failed assertion.  */
static int has_heap (const struct ucrt_crt *crt) {
  if (crt->heap_handle == NULL) return 0;
  if (crt->is_debug) return crt->command_line != NULL && *crt->command_line () != NULL;
  return crt->heap_handle () != NULL;
}

int ucrt_crt_ready (struct ucrt_crt *crt) {
  if (!crt->initialised && has_heap (crt)) crt->initialised = 1;
  return crt->initialised;
}

void *ucrt_crt_heap (struct ucrt_crt *crt) {
  return crt->heap_handle != NULL && !crt->is_debug ? crt->heap_handle () : NULL;
}

void ucrt_set_errno (struct ucrt_crt *crt, int error) {
  if (crt->error_number == NULL || !ucrt_crt_ready (crt)) return;
  int *number = crt->error_number ();
  if (number != NULL) *number = error;
}

void ucrt_invalid_parameter (struct ucrt_crt *crt) {
  ucrt_set_errno (crt, EINVAL);
  if (crt->invalid_parameter != NULL && ucrt_crt_ready (crt)) crt->invalid_parameter ();
}

int ucrt_call_new_handler (struct ucrt_crt *crt, size_t n) {
  if (crt->query_new_mode != NULL && crt->call_new_handler != NULL && ucrt_crt_ready (crt)
      && crt->query_new_mode () != 0 && crt->call_new_handler (n) != 0)
    return 1;
  ucrt_set_errno (crt, ENOMEM);
  return 0;
}
