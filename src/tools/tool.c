/* What all tools use: the lock, the count of forks, stopping, names.  The lock is held, except
   where it is taken.  */
#include "tools/tool.h"

#include <inttypes.h> /* PRIxPTR */
#include <stdio.h>

#include "heap/forks.h"
#include "os/cancel.h"
#include "os/os.h"

static mir_os_lock_t tools_lock = MIR_OS_LOCK_INITIALIZER;
static int tools_held; /* cancellation, by who has the lock */
static struct mir_watched tools_watched;

/* Tools use files, and call the program's allocator.  */
void mir_tool_lock (void) {
  int held = mir_os_hold_cancel ();
  mir_os_lock (&tools_lock);
  tools_held = held;
  mir_forks_call_out (&tools_watched);
}

void mir_tool_unlock (void) {
  int held = tools_held;
  mir_forks_back (&tools_watched);
  mir_os_unlock (&tools_lock);
  mir_os_let_cancel (held);
}

/* Only the forking thread lives on in a child, so no other thread may be inside a tool during a
   fork.  */
int mir_tool_watch_forks (void) {
  return mir_forks_watch_static (&tools_watched, &tools_lock);
}

unsigned mir_tool_forks (void) {
  return mir_forks_count ();
}

void mir_tool_stop (struct mir_tool *tool, MIR_code_tool_status_t status, int error) {
  tool->state.status = status;
  tool->state.error = error;
}

size_t mir_tool_name (const MIR_code_event_t *event, char buffer[MIR_TOOL_NAME_MAX + 1]) {
  size_t len = 0;
  if (event->name == NULL || event->name[0] == '\0')
    return (size_t) snprintf (buffer, MIR_TOOL_NAME_MAX + 1, "code_%" PRIxPTR,
                              (uintptr_t) event->start);
  for (; event->name[len] != '\0' && len < MIR_TOOL_NAME_MAX; len++) {
    unsigned char c = (unsigned char) event->name[len];
    buffer[len] = c < 0x20 || c == 0x7f ? '?' : (char) c;
  }
  /* Do not cut a UTF-8 character in two.  */
  if (event->name[len] != '\0')
    while (len > 0 && ((unsigned char) event->name[len] & 0xc0) == 0x80) len--;
  buffer[len] = '\0';
  return len;
}
