/* The command check: prints the status of the DLL in a process.  */
#include "inject/process/commands.h"

#include <stdlib.h>

#include "inject/process/log.h"
#include "inject/process/presence.h"
#include "inject/process/tool.h"

int process_check (const struct process_options *options, unsigned long id) {
  char cause[REASON_MAX];
  struct remote remote;
  if (remote_open (&remote, id, 0, cause) != 0)
    return presence_fail (options->json, "examine", id, cause);
  int result = PROCESS_UNKNOWN;
  struct presence *presence = malloc (sizeof *presence);
  if (remote.bits > 8 * sizeof (void *)) {
    result = tool_hand_over ("x64", "it is a 64-bit process", PROCESS_UNKNOWN);
  } else if (presence == NULL) {
    process_log ("out of memory");
  } else {
    enum dll_presence found = presence_look (&remote, presence);
    if (found == DLL_UNSEEN)
      presence_fail (options->json, "examine", id, presence->wrong);
    else
      presence_print (&remote, found, presence, options->json, options->verbose);
    result = presence_verdict (found, presence);
  }
  free (presence);
  remote_close (&remote);
  return result;
}
