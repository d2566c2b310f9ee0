/* Frames on systems and CPUs for which no description exists: refused.  */
#include "tools/tools.h"

const struct mir_tool_kind mir_frames = {.start = NULL};
