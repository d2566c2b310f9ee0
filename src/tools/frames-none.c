/* For systems and CPUs without a description of frames: the tool is refused.  */
#include "tools/tools.h"

const struct mir_tool_kind mir_frames = {.start = NULL};
