/* For systems and CPUs without a description of frames: the tool is refused.  */
#include "tools/tools.h"

static MIR_code_tool_status_t start (struct mir_tool *tool,
                                     const MIR_code_tools_options_t *options) {
  (void) tool, (void) options;
  return MIR_CODE_TOOL_UNSUPPORTED;
}

const struct mir_tool_kind mir_frames = {.start = start};
