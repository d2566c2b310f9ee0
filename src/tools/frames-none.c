/* Refuses the tool frames on systems and CPUs for which no description of frames exists.  */
#include "tools/tools.h"

const struct mir_tool_kind mir_frames = {.start = NULL};
