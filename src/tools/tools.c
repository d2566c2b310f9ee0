/* The object of mir-code-tools.h: starts the tools, and passes the hooks on to them.  Any thread:
   each function here takes the lock of all tools.  */
#include "tools/tools.h"

#include "defaults.h"

/* In the order of the bits in mir-code-tools.h: bit I asks for tool I.  */
static const struct mir_tool_kind *const tool_kinds[MIR_TOOLS_NUM] = {&mir_perf_map, &mir_jitdump,
                                                                      &mir_gdb, &mir_frames};

struct MIR_code_tools {
  MIR_alloc_t alloc;
  MIR_code_hooks_t hooks;
  struct mir_tool tools[MIR_TOOLS_NUM]; /* in the order of TOOL_KINDS */
};

/*---------------- The hooks -----------------------------*/

/* Whether TOOL is wanted, has started and has not stopped.  */
static int is_working (const struct mir_tool *tool) {
  return tool->state.status == MIR_CODE_TOOL_OK;
}

static void tools_on_mapped (void *user_data, uint8_t *start, size_t len) {
  MIR_code_tools_t tools = (MIR_code_tools_t) user_data;
  mir_tool_lock ();
  for (size_t i = 0; i < MIR_TOOLS_NUM; i++)
    if (tool_kinds[i]->mapped != NULL && is_working (&tools->tools[i]))
      tool_kinds[i]->mapped (&tools->tools[i], start, len);
  mir_tool_unlock ();
}

/* Stopped tools are notified too: they must withdraw what they registered.  */
static void tools_on_unmapped (void *user_data, uint8_t *start, size_t len) {
  MIR_code_tools_t tools = (MIR_code_tools_t) user_data;
  mir_tool_lock ();
  for (size_t i = 0; i < MIR_TOOLS_NUM; i++)
    if (tool_kinds[i]->unmapped != NULL && tools->tools[i].data != NULL)
      tool_kinds[i]->unmapped (&tools->tools[i], start, len);
  mir_tool_unlock ();
}

static void tools_on_published (void *user_data, const MIR_code_event_t *events,
                                size_t events_num) {
  MIR_code_tools_t tools = (MIR_code_tools_t) user_data;
  mir_tool_lock ();
  for (size_t i = 0; i < MIR_TOOLS_NUM; i++) {
    if (tool_kinds[i]->published == NULL) continue;
    if (is_working (&tools->tools[i]))
      tool_kinds[i]->published (&tools->tools[i], events, events_num);
    else
      tools->tools[i].state.lost += events_num;
  }
  mir_tool_unlock ();
}

static void tools_on_freed (void *user_data, const MIR_code_event_t *event) {
  MIR_code_tools_t tools = (MIR_code_tools_t) user_data;
  mir_tool_lock ();
  for (size_t i = 0; i < MIR_TOOLS_NUM; i++)
    if (tool_kinds[i]->freed != NULL && is_working (&tools->tools[i]))
      tool_kinds[i]->freed (&tools->tools[i], event);
  mir_tool_unlock ();
}

/*---------------- The object -----------------------------*/

const char *MIR_code_tool_status_text (MIR_code_tool_status_t status) {
  static const char *const texts[] = {
      [MIR_CODE_TOOL_OK] = "working",
      [MIR_CODE_TOOL_NOT_WANTED] = "not requested",
      [MIR_CODE_TOOL_UNSUPPORTED] = "not available on this system or CPU",
      [MIR_CODE_TOOL_NO_MEMORY] = "out of memory",
      [MIR_CODE_TOOL_UNSAFE_FILE] =
          "the name of the tool's file is taken by a link, another user's file or a file in use",
      [MIR_CODE_TOOL_FILE_REFUSED] = "the tool's file could not be created, mapped or written",
      [MIR_CODE_TOOL_BAD_OPTION] = "an option is out of range",
  };
  return (unsigned) status < sizeof (texts) / sizeof (texts[0]) ? texts[status] : "unknown status";
}

/* Start tool I if OPTIONS ask for it; its status says what became of that.  */
static void start_tool (MIR_code_tools_t tools, size_t i, const MIR_code_tools_options_t *options) {
  struct mir_tool *tool = &tools->tools[i];
  tool->alloc = tools->alloc;
  if ((options->wanted >> i & 1) == 0) {
    tool->state.status = MIR_CODE_TOOL_NOT_WANTED;
    return;
  }
  if (tool_kinds[i]->prepare != NULL) tool_kinds[i]->prepare ();
  mir_tool_lock ();
  tool->state.status = tool_kinds[i]->start == NULL ? MIR_CODE_TOOL_UNSUPPORTED
                                                    : tool_kinds[i]->start (tool, options);
  mir_tool_unlock ();
}

MIR_code_tool_status_t MIR_code_tools_create (const MIR_code_tools_options_t *options,
                                              MIR_code_tools_t *tools) {
  MIR_code_tools_options_t checked = {.size = sizeof (checked)};
  *tools = NULL;
  if (options != NULL) {
    if (options->size != sizeof (checked)) return MIR_CODE_TOOL_BAD_OPTION;
    checked = *options;
  }
  if ((checked.wanted & ~(unsigned) MIR_CODE_ALL_TOOLS) != 0) return MIR_CODE_TOOL_BAD_OPTION;
  if (checked.wanted == 0) checked.wanted = MIR_CODE_PERF_MAP | MIR_CODE_GDB;
  if (checked.alloc == NULL) checked.alloc = mir_default_alloc ();
  if (mir_tool_watch_forks () != 0) return MIR_CODE_TOOL_NO_MEMORY;
  MIR_code_tools_t made = (MIR_code_tools_t) MIR_calloc (checked.alloc, 1, sizeof (*made));
  if (made == NULL) return MIR_CODE_TOOL_NO_MEMORY;
  made->alloc = checked.alloc;
  made->hooks = (MIR_code_hooks_t) {.size = sizeof (made->hooks),
                                    .mapped = tools_on_mapped,
                                    .unmapped = tools_on_unmapped,
                                    .published = tools_on_published,
                                    .freed = tools_on_freed,
                                    .user_data = made};
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
    mir_tool_lock ();
    *state = tools->tools[i].state;
    mir_tool_unlock ();
    return MIR_CODE_TOOL_OK;
  }
  return MIR_CODE_TOOL_BAD_OPTION;
}

MIR_code_tool_status_t MIR_code_tools_flush (MIR_code_tools_t tools) {
  MIR_code_tool_status_t result = MIR_CODE_TOOL_OK;
  mir_tool_lock ();
  for (size_t i = 0; i < MIR_TOOLS_NUM; i++) {
    struct mir_tool *tool = &tools->tools[i];
    if (tool_kinds[i]->flush != NULL && is_working (tool)) tool_kinds[i]->flush (tool);
    if (result == MIR_CODE_TOOL_OK && tool->state.status != MIR_CODE_TOOL_NOT_WANTED)
      result = tool->state.status;
  }
  mir_tool_unlock ();
  return result;
}

void MIR_code_tools_finish (MIR_code_tools_t tools) {
  if (tools == NULL) return;
  mir_tool_lock ();
  for (size_t i = 0; i < MIR_TOOLS_NUM; i++)
    if (tools->tools[i].data != NULL) tool_kinds[i]->finish (&tools->tools[i]);
  mir_tool_unlock ();
  MIR_free (tools->alloc, tools);
}
