/* For systems without perf and GDB's interface: these tools are refused.  */
#include "tools/tools.h"

static MIR_code_tool_status_t start (struct mir_tool *tool,
                                     const MIR_code_tools_options_t *options) {
  (void) tool, (void) options;
  return MIR_CODE_TOOL_UNSUPPORTED;
}

const struct mir_tool_kind mir_perf_map = {.start = start};
const struct mir_tool_kind mir_jitdump = {.start = start};
const struct mir_tool_kind mir_gdb = {.start = start};
