/* The command attach: loads the DLL into a process that runs.  */
#include "inject/process/commands.h"

#include <stdlib.h>

#include "inject/process/load.h"
#include "inject/process/log.h"
#include "inject/process/presence.h"
#include "inject/process/tool.h"
#include "inject/process/utf16.h"

/* Print the status of the DLL and return the exit status for it.  */
static int tell (const struct remote *remote, const struct process_options *options,
                 enum dll_presence found, const struct presence *presence) {
  const MIR_ucrt_status_t *status = &presence->status;
  if (options->json || options->verbose)
    presence_print (remote, found, presence, options->json, options->json);
  if (found == DLL_UNREADABLE)
    process_log (
        "the DLL is loaded, but %s%s",
        presence->wrong == status_not_begun ? "" : "its status is not valid: ", presence->wrong);
  else if (found == DLL_PRESENT)
    process_log ("process %lu: %s%s%s, %u functions taken over", remote->id,
                 status_state_name (status->state), status->reason[0] != 0 ? ": " : "",
                 status->reason, status_functions_in (status, MIR_UCRT_TAKEN));
  return presence_verdict (found, presence);
}

/* Load the DLL by a thread in the target, then look for its status.  */
static int load_and_look (const struct remote *remote, const struct process_options *options,
                          const wchar_t *path, struct presence *presence) {
  struct load load;
  char cause[REASON_MAX] = "the DLL is not among its images, for an unknown reason";
  if (load_prepare (remote, path, &load, cause) != 0)
    return presence_fail (options->json, "attach to", remote->id, cause);
  if (!load.tells && options->verbose)
    process_log ("no code can be put into it: if the DLL does not load, the reason stays unknown");
  uint64_t module = 0;
  enum load_end end = load_by_thread (remote, &load, options->timeout, &module, cause);
  if (end != LOAD_TIMED_OUT && end != LOAD_ENDED) load_remove (remote, &load);
  enum dll_presence found = end == LOAD_ENDED ? DLL_ABSENT : presence_look (remote, presence);
  if (found == DLL_UNSEEN && end == LOAD_DONE) {
    if (options->json) presence_print_failure (remote->id, presence->wrong);
    process_log ("process %lu loaded the DLL, but its status cannot be read: %s", remote->id,
                 presence->wrong);
    return PROCESS_UNKNOWN;
  }
  if (found == DLL_UNSEEN) found = DLL_ABSENT;
  if (end == LOAD_DONE || (found != DLL_ABSENT && end != LOAD_FAILED)) {
    if (end == LOAD_TIMED_OUT) process_log ("process %lu: %s", remote->id, cause);
    if (found != DLL_ABSENT) return tell (remote, options, found, presence);
    if (options->json)
      presence_print_failure (remote->id, "the DLL has no section " MIR_UCRT_STATUS_SECTION);
    process_log ("process %lu loaded the DLL, which has no section " MIR_UCRT_STATUS_SECTION
                 ": its status is not known",
                 remote->id);
    return PROCESS_UNKNOWN;
  }
  if (options->json) presence_print_failure (remote->id, cause);
  process_log ("process %lu did not load the DLL: %s", remote->id, cause);
  return end == LOAD_ENDED ? PROCESS_UNKNOWN : PROCESS_NOT_LOADED;
}

/* Load the DLL into REMOTE unless it is there or cannot be loaded.  An exit status.  */
static int attach_to (const struct remote *remote, const struct process_options *options,
                      struct presence *presence) {
  char cause[REASON_MAX];
  struct process_facts facts;
  enum dll_presence found = presence_look (remote, presence);
  if (found == DLL_UNSEEN)
    return presence_fail (options->json, "attach to", remote->id, presence->wrong);
  if (found != DLL_ABSENT) {
    process_log ("already attached: nothing to do");
    return tell (remote, options, found, presence);
  }
  remote_facts (remote, &facts);
  const char *reason = reason_of_facts (&facts);
  if (reason != NULL && !options->force) {
    if (options->json) presence_print_failure (remote->id, reason);
    process_log ("cannot attach to process %lu: %s (--force tries anyway)", remote->id, reason);
    return PROCESS_NOT_LOADED;
  }
  wchar_t *path = tool_dll (options->dll, remote->machine, cause);
  if (path == NULL) return presence_fail (options->json, "attach to", remote->id, cause);
  char *name = utf16_to_utf8 (path);
  if (options->verbose)
    process_log ("process %lu is %s; loading %s", remote->id, pe_machine_name (remote->machine),
                 name != NULL ? name : "the DLL");
  free (name);
  int result = load_and_look (remote, options, path, presence);
  free (path);
  return result;
}

int process_attach (const struct process_options *options, unsigned long id) {
  char cause[REASON_MAX];
  struct remote remote;
  if (remote_open (&remote, id, 1, cause) != 0)
    return presence_fail (options->json, "attach to", id, cause);
  static struct presence presence; /* too large for the stack */
  int result = remote.bits > 8 * sizeof (void *)
                   ? tool_hand_over ("it is a 64-bit process", PROCESS_UNKNOWN)
                   : attach_to (&remote, options, &presence);
  remote_close (&remote);
  return result;
}
