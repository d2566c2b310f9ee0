/* Ready-made hooks by which debuggers, profilers and unwinders see generated code.

   tool    one way to tell them: a perf map, a jitdump, GDB's JIT interface, descriptions of frames
   tools   an object with any of these, and the hooks for MIR_code_options_t
   event   a published code block; it is lost if a tool could not pass it on
   name    the one of MIR_code_info_t, with '?' for control characters, cut to 1000 bytes; a code
           block without a name is called code_ADDRESS

       MIR_code_tools_options_t wanted = {.size = sizeof (wanted)};
       wanted.wanted = MIR_CODE_PERF_MAP | MIR_CODE_GDB;
       MIR_code_tools_create (&wanted, &tools);
       options.hooks = MIR_code_tools_hooks (tools);
       ... MIR_code_space_create (&options, &space) ... MIR_code_space_finish (space);
       MIR_code_tools_finish (tools);

   A tool that fails never harms the program: it stops and counts the events it loses, and the other
   tools go on.  docs/debugging.md shows the commands for gdb and perf.

   Threads: any.  All tools of a process share one lock, which forks also wait for.  Only where the
   user's MIR_alloc is one may a function be a cancellation point.  Only
   MIR_code_tools_finish must not run at the same time as another call on its object.  */
#ifndef MIR_CODE_TOOLS_H
#define MIR_CODE_TOOLS_H

#include <stddef.h> /* size_t */
#include <stdint.h>

#include "mir-code.h"

#ifdef __cplusplus
extern "C" {
#endif

/* The tools.  All exist on Linux, frames also on Windows; any other is
   MIR_CODE_TOOL_UNSUPPORTED.  */
enum {
  /* /tmp/perf-PID.map with a line for each code block.  perf and others look up addresses in it;
     its lines are right as long as no address is reused.  See the Linux kernel's
     tools/perf/Documentation/jit-interface.txt.  */
  MIR_CODE_PERF_MAP = 1 << 0,
  /* jit-PID.dump with copies of the code, for `perf record -k mono` and `perf inject --jit`; it is
     right even where addresses are reused.  A process can make only one: perf reads a dump once.
     See perf's jitdump-specification.txt.  */
  MIR_CODE_JITDUMP = 1 << 1,
  /* GDB's JIT interface, which LLDB supports too ("JIT Compilation Interface" in GDB's manual).
     GDB reads a whole object at each registration, so a mapping's object is registered only at its
     1st, 3rd, 7th, 15th... code block and by MIR_code_tools_flush: before the flush, GDB may not
     know up to half of the names.  */
  MIR_CODE_GDB = 1 << 2,
  /* Descriptions of frames, which the unwinders of this process (exceptions, _Unwind_Backtrace,
     backtrace (3), RtlVirtualUnwind) need to pass through generated code: on Linux on x86-64 and
     aarch64, on Windows on x86-64.  By asking for it the embedder promises that EVERY published
     function keeps a frame record at the top of its frame, as compilers do with
     -fno-omit-frame-pointer: it begins with `push rbp; mov rbp, rsp` on x86-64, with
     `stp x29, x30, [sp, -16]!; mov x29, sp` on aarch64.  The description does not cover the
     instructions before the record exists and after it is gone (a signal handler cannot unwind from
     those), functions without a record, and other callee-saved registers: an exception passes
     through, but leaves these registers as the generated code had them.  Functions that need more
     belong in a space without this tool; the embedder describes them with MIR_code_add_frames
     (mir-code-object.h).  */
  MIR_CODE_FRAMES = 1 << 3,
  MIR_CODE_ALL_TOOLS = MIR_CODE_PERF_MAP | MIR_CODE_JITDUMP | MIR_CODE_GDB | MIR_CODE_FRAMES
};

/* The result of a function of this file, and the state of a tool.  */
typedef enum MIR_code_tool_status {
  MIR_CODE_TOOL_OK,
  MIR_CODE_TOOL_NOT_WANTED,   /* not asked for */
  MIR_CODE_TOOL_UNSUPPORTED,  /* not available on this system or CPU */
  MIR_CODE_TOOL_NO_MEMORY,    /* the allocator refused memory */
  MIR_CODE_TOOL_UNSAFE_FILE,  /* the name is that of a link, another user's file or one in use */
  MIR_CODE_TOOL_FILE_REFUSED, /* the file could not be created, mapped or written */
  MIR_CODE_TOOL_BAD_OPTION    /* an option out of range */
} MIR_code_tool_status_t;

/* What STATUS means, in a few words in lower case.  The string is static.  */
MIR_ALLOC_API const char *MIR_code_tool_status_text (MIR_code_tool_status_t status);

/* Every member but SIZE may be zero, which is the default.  */
typedef struct MIR_code_tools_options {
  size_t size; /* sizeof (MIR_code_tools_options_t): the version of this structure */
  /* Kept by pointer; NULL: mimalloc.  Hooks call it, and hooks must return, so it may not leave by
     longjmp.  */
  MIR_alloc_t alloc;
  unsigned wanted;         /* tools; 0: MIR_CODE_PERF_MAP and MIR_CODE_GDB */
  const char *jitdump_dir; /* read during the call; NULL: $JITDUMPDIR, or "." if that is unset */
} MIR_code_tools_options_t;

/* The handle of running tools.  Any thread.  */
typedef struct MIR_code_tools *MIR_code_tools_t;

/* Start the tools that OPTIONS want (NULL: all defaults) and set *TOOLS to them; the caller owns
   them until MIR_code_tools_finish.  On failure, MIR_CODE_TOOL_NO_MEMORY or
   MIR_CODE_TOOL_BAD_OPTION, *TOOLS is NULL.  A tool that cannot start is not a failure of the call:
   its state says why.  */
MIR_ALLOC_API MIR_code_tool_status_t MIR_code_tools_create (const MIR_code_tools_options_t *options,
                                                            MIR_code_tools_t *tools);

/* The value for `hooks` in MIR_code_options_t: a space needs it from its creation.  Several spaces
   may share it.  TOOLS owns it.  */
MIR_ALLOC_API const MIR_code_hooks_t *MIR_code_tools_hooks (MIR_code_tools_t tools);

/* The state of one tool.  */
typedef struct MIR_code_tool_state {
  /* MIR_CODE_TOOL_OK: working.  Otherwise the tool has stopped or never started, and loses all
     events.  */
  MIR_code_tool_status_t status;
  int error;       /* errno or GetLastError () of the refused call; 0: none */
  uint64_t events; /* passed on, or waiting for a flush: code blocks; for frames, mappings */
  uint64_t lost;   /* all others */
} MIR_code_tool_state_t;

/* Set *STATE to the state of TOOL, one of the bits above.  MIR_CODE_TOOL_BAD_OPTION: it is not.  */
MIR_ALLOC_API MIR_code_tool_status_t MIR_code_tools_get_state (MIR_code_tools_t tools,
                                                               unsigned tool,
                                                               MIR_code_tool_state_t *state);

/* Write the buffers, and tell GDB all names; call it after a compilation, or from time to time.  A
   buffer (64 KiB for each file) is also written when it is full and by MIR_code_tools_finish, but
   is lost if the program dies.  Returns the status of the first tool that has stopped, or OK.  */
MIR_ALLOC_API MIR_code_tool_status_t MIR_code_tools_flush (MIR_code_tools_t tools);

/* Flush, withdraw all registrations, and free TOOLS; NULL is allowed.  Finish every space that uses
   its hooks first.  The files stay, for perf.  */
MIR_ALLOC_API void MIR_code_tools_finish (MIR_code_tools_t tools);

/* After a fork the child continues with its own files, which hold what the child publishes.  What
   was published before the fork is in the parent's files, where perf looks up inherited code.  */

#ifdef __cplusplus
}
#endif

#endif /* MIR_CODE_TOOLS_H */
