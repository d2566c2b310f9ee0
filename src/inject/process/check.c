/* The command check: prints the status of the DLL in a process.  */
#include "inject/process/commands.h"

#include "inject/process/presence.h"
#include "inject/process/tool.h"

static int print (const struct remote *remote, const struct process_options *options) {
  static struct presence presence; /* too large for the stack */
  enum dll_presence found = presence_look (remote, &presence);
  if (found == DLL_UNSEEN)
    presence_fail (options->json, "examine", remote->id, presence.wrong);
  else
    presence_print (remote, found, &presence, options->json, options->verbose);
  return presence_verdict (found, &presence);
}

int process_check (const struct process_options *options, unsigned long id) {
  char cause[REASON_MAX];
  struct remote remote;
  if (remote_open (&remote, id, 0, cause) != 0)
    return presence_fail (options->json, "examine", id, cause);
  int result = remote.bits > 8 * sizeof (void *)
                   ? tool_hand_over ("it is a 64-bit process", PROCESS_UNKNOWN)
                   : print (&remote, options);
  remote_close (&remote);
  return result;
}
