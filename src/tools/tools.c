#include "tools/tools.h"

#include <inttypes.h> /* PRIxPTR */
#include <stdio.h>
#include <string.h>

#include "defaults.h"
#include "os/os.h"

static const struct mir_tool_kind *const kinds[MIR_TOOLS_NUM] = {&mir_perf_map, &mir_jitdump,
                                                                 &mir_gdb, &mir_frames};

struct MIR_code_tools {
  MIR_alloc_t alloc;
  MIR_code_hooks_t hooks;
  struct mir_tool tools[MIR_TOOLS_NUM]; /* in the order of KINDS */
};

/*---------------- The lock -----------------------------*/

static mir_os_lock_t tools_lock = MIR_OS_LOCK_INITIALIZER;
static int watching_forks;
static unsigned forks;

static void lock_tools (void) {
  mir_os_lock (&tools_lock);
}

static void unlock_tools (void) {
  mir_os_unlock (&tools_lock);
}

/* In both processes.  */
static void after_fork (void) {
  forks++;
  unlock_tools ();
}

/* A child has only the thread that forked: no other may be inside a tool at that moment.  */
static int watch_forks (void) {
  int result = 0;

  lock_tools ();
  if (!watching_forks) {
    result = mir_os_at_fork (lock_tools, after_fork);
    watching_forks = result == 0;
  }
  unlock_tools ();
  return result;
}

/*---------------- For the tools -----------------------------*/

unsigned mir_tools_forks (void) {
  return forks;
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
  /* No half of a UTF-8 character at the end.  */
  if (event->name[len] != '\0')
    while (len > 0 && ((unsigned char) event->name[len] & 0xc0) == 0x80) len--;
  buffer[len] = '\0';
  return len;
}

/*---------------- The hooks -----------------------------*/

static int is_working (const struct mir_tool *tool) {
  return tool->state.status == MIR_CODE_TOOL_OK;
}

static void on_mapped (void *user_data, uint8_t *start, size_t len) {
  MIR_code_tools_t tools = (MIR_code_tools_t) user_data;

  lock_tools ();
  for (size_t i = 0; i < MIR_TOOLS_NUM; i++)
    if (kinds[i]->mapped != NULL && is_working (&tools->tools[i]))
      kinds[i]->mapped (&tools->tools[i], start, len);
  unlock_tools ();
}

/* Also to tools that have stopped: what they have registered must go.  */
static void on_unmapped (void *user_data, uint8_t *start, size_t len) {
  MIR_code_tools_t tools = (MIR_code_tools_t) user_data;

  lock_tools ();
  for (size_t i = 0; i < MIR_TOOLS_NUM; i++)
    if (kinds[i]->unmapped != NULL && tools->tools[i].data != NULL)
      kinds[i]->unmapped (&tools->tools[i], start, len);
  unlock_tools ();
}

static void on_published (void *user_data, const MIR_code_event_t *events, size_t events_num) {
  MIR_code_tools_t tools = (MIR_code_tools_t) user_data;

  lock_tools ();
  for (size_t i = 0; i < MIR_TOOLS_NUM; i++) {
    if (kinds[i]->published == NULL) continue;
    if (is_working (&tools->tools[i]))
      kinds[i]->published (&tools->tools[i], events, events_num);
    else
      tools->tools[i].state.lost += events_num;
  }
  unlock_tools ();
}

static void on_freed (void *user_data, const MIR_code_event_t *event) {
  MIR_code_tools_t tools = (MIR_code_tools_t) user_data;

  lock_tools ();
  for (size_t i = 0; i < MIR_TOOLS_NUM; i++)
    if (kinds[i]->freed != NULL && is_working (&tools->tools[i]))
      kinds[i]->freed (&tools->tools[i], event);
  unlock_tools ();
}

/*---------------- The object -----------------------------*/

const char *MIR_code_tool_status_text (MIR_code_tool_status_t status) {
  switch (status) {
    case MIR_CODE_TOOL_OK:
      return "at work";
    case MIR_CODE_TOOL_NOT_WANTED:
      return "not wanted";
    case MIR_CODE_TOOL_UNSUPPORTED:
      return "not on this system or this cpu";
    case MIR_CODE_TOOL_NO_MEMORY:
      return "no memory";
    case MIR_CODE_TOOL_UNSAFE_FILE:
      return "a link, another user's file or one in use is in the place of its file";
    case MIR_CODE_TOOL_FILE_REFUSED:
      return "its file could not be made or written to";
    case MIR_CODE_TOOL_BAD_OPTION:
      return "an option out of its bounds";
  }
  return "unknown status";
}

static void start_tool (MIR_code_tools_t tools, size_t i, const MIR_code_tools_options_t *options) {
  struct mir_tool *tool = &tools->tools[i];
  MIR_code_tool_status_t status;

  tool->alloc = tools->alloc;
  if ((options->wanted >> i & 1) == 0) {
    tool->state.status = MIR_CODE_TOOL_NOT_WANTED;
    return;
  }
  lock_tools ();
  status = kinds[i]->start (tool, options); /* sets the error where there is one */
  tool->state.status = status;
  unlock_tools ();
}

MIR_code_tool_status_t MIR_code_tools_create (const MIR_code_tools_options_t *options,
                                              MIR_code_tools_t *tools) {
  MIR_code_tools_options_t checked = {sizeof (checked), NULL, 0, NULL};
  MIR_code_tools_t made;

  *tools = NULL;
  if (options != NULL) {
    if (options->size != sizeof (checked)) return MIR_CODE_TOOL_BAD_OPTION;
    checked = *options;
  }
  if ((checked.wanted & ~(unsigned) MIR_CODE_ALL_TOOLS) != 0) return MIR_CODE_TOOL_BAD_OPTION;
  if (checked.wanted == 0) checked.wanted = MIR_CODE_PERF_MAP | MIR_CODE_GDB;
  if (checked.alloc == NULL) checked.alloc = mir_default_alloc ();
  if (watch_forks () != 0) return MIR_CODE_TOOL_NO_MEMORY;
  made = (MIR_code_tools_t) MIR_calloc (checked.alloc, 1, sizeof (*made));
  if (made == NULL) return MIR_CODE_TOOL_NO_MEMORY;

  made->alloc = checked.alloc;
  made->hooks.mapped = on_mapped;
  made->hooks.unmapped = on_unmapped;
  made->hooks.published = on_published;
  made->hooks.freed = on_freed;
  made->hooks.user_data = made;
  for (size_t i = 0; i < MIR_TOOLS_NUM; i++) start_tool (made, i, &checked);
  *tools = made;
  return MIR_CODE_TOOL_OK;
}

const MIR_code_hooks_t *MIR_code_tools_hooks (MIR_code_tools_t tools) {
  return &tools->hooks;
}

MIR_code_tool_status_t MIR_code_tools_get_state (MIR_code_tools_t tools, unsigned tool,
                                                 MIR_code_tool_state_t *state) {
  for (size_t i = 0; i < MIR_TOOLS_NUM; i++) {
    if (tool != 1u << i) continue;
    lock_tools ();
    *state = tools->tools[i].state;
    unlock_tools ();
    return MIR_CODE_TOOL_OK;
  }
  return MIR_CODE_TOOL_BAD_OPTION;
}

MIR_code_tool_status_t MIR_code_tools_flush (MIR_code_tools_t tools) {
  MIR_code_tool_status_t result = MIR_CODE_TOOL_OK;

  lock_tools ();
  for (size_t i = 0; i < MIR_TOOLS_NUM; i++) {
    struct mir_tool *tool = &tools->tools[i];

    if (kinds[i]->flush != NULL && is_working (tool)) kinds[i]->flush (tool);
    if (result == MIR_CODE_TOOL_OK && tool->state.status != MIR_CODE_TOOL_NOT_WANTED)
      result = tool->state.status;
  }
  unlock_tools ();
  return result;
}

void MIR_code_tools_finish (MIR_code_tools_t tools) {
  if (tools == NULL) return;
  lock_tools ();
  for (size_t i = 0; i < MIR_TOOLS_NUM; i++)
    if (tools->tools[i].data != NULL) kinds[i]->finish (&tools->tools[i]);
  unlock_tools ();
  MIR_free (tools->alloc, tools);
}
