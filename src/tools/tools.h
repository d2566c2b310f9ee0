/* The kinds of tools, to which the object of mir-code-tools.h fans out.  */
#ifndef MIR_TOOLS_TOOLS_H
#define MIR_TOOLS_TOOLS_H

#include "tools/tool.h"

enum { MIR_TOOLS_NUM = 4 };

/* In the order of the bits of their names.  */
extern const struct mir_tool_kind mir_perf_map, mir_jitdump, mir_gdb, mir_frames;

#endif /* MIR_TOOLS_TOOLS_H */
