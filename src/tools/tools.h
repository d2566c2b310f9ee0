/* The table of tools: MIR_code_tools_t passes each event to each of them.

   One lock guards all tools, and every function of a tool is called with it held; tool.h has that
   lock, and the contract of each function.  A tool that fails counts what it loses and goes on, or
   stops; the program never notices.

   tool         one way to tell a debugger, profiler or unwinder about code (tool.h)
   kind         the functions of a tool, in a file each: perf-map.c, jitdump.c, gdb-jit.c, frames*.c
   mapping      a range of executable memory, as the hooks of mir-code.h report it
   event        a code block that was published
   waiting      events that are in a tool's buffer and not yet in its file (tool-file.h)
   lost         events that a tool could not pass on
   frame record the caller's frame pointer and the return address, as a pair on the stack
   CIE, FDE     the parts of .eh_frame: how frames look, and which code has such frames (eh-frame.h)
   target       what ELF and DWARF call things on a CPU (target.h)
   change       GDB: a code block that came or went in a mapping (gdb-jit.c)
   object       GDB: the ELF image that describes a mapping (gdb-elf.h)  */
#ifndef MIR_TOOLS_TOOLS_H
#define MIR_TOOLS_TOOLS_H

#include "tools/tool.h"

enum { MIR_TOOLS_NUM = 4 }; /* as many as bits of MIR_CODE_ALL_TOOLS */

/* In the order of the bits in mir-code-tools.h.  */
extern const struct mir_tool_kind mir_perf_map, mir_jitdump, mir_gdb, mir_frames;

#endif /* MIR_TOOLS_TOOLS_H */
