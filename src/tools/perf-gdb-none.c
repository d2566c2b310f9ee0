/* Refuses the perf map, the jitdump and GDB's interface on systems other than Linux.  */
#include "tools/tools.h"

const struct mir_tool_kind mir_perf_map = {.start = NULL};
const struct mir_tool_kind mir_jitdump = {.start = NULL};
const struct mir_tool_kind mir_gdb = {.start = NULL};
