/* Ready-made hooks by which debuggers, profilers and unwinders see generated code.

   tool    one way of telling them: a perf map, a jitdump, GDB's interface, descriptions of frames
   tools   an object with any of these, and the hooks to put into MIR_code_options_t
   event   a piece of code that was published; LOST if a tool could not pass it on
   name    MIR_code_info_t's, with control characters replaced by '?' and cut to 1000 bytes; a piece
           without one is called code_ADDRESS

       MIR_code_tools_options_t wanted = {sizeof (wanted), NULL, MIR_CODE_PERF_MAP | MIR_CODE_GDB};
       MIR_code_tools_create (&wanted, &tools);
       options.hooks = MIR_code_tools_hooks (tools);
       ... MIR_code_space_create (&options, &space) ... MIR_code_space_finish (space);
       MIR_code_tools_finish (tools);

   A tool that fails never harms the program: it stops, it counts what it has lost, and the other
   tools go on.  docs/debugging.md shows what to type in gdb and perf.

   Threads: any; all tools of a process share one lock, also across a fork.  Only ..._finish may not
   run at the same time as anything else on its object.  */
#ifndef MIR_CODE_TOOLS_H
#define MIR_CODE_TOOLS_H

#include <stddef.h> /* size_t */
#include <stdint.h>

#include "mir-code.h"

#ifdef __cplusplus
extern "C" {
#endif

/* The tools.  They are there on Linux, frames on Windows as well; elsewhere each is
   MIR_CODE_TOOL_UNSUPPORTED.  */
enum {
  /* /tmp/perf-PID.map, a line for each piece, which perf and others look up addresses in while the
     program's memory is as it was: see perf's tools/perf/Documentation/jit-interface.txt.  */
  MIR_CODE_PERF_MAP = 1 << 0,
  /* jit-PID.dump, with copies of the code, for `perf record -k mono` and `perf inject --jit`: right
     also where places were used again.  One for each process, ever: perf reads a dump once.  See
     perf's jitdump-specification.txt.  */
  MIR_CODE_JITDUMP = 1 << 1,
  /* GDB's JIT interface, which LLDB knows as well ("JIT Compilation Interface" in GDB's manual).
     GDB reads an object anew whenever that is registered, so one is registered for each mapping, at
     its 1st, 3rd, 7th, 15th... piece and by MIR_code_tools_flush: up to half of the names are not
     known to GDB before the flush.  */
  MIR_CODE_GDB = 1 << 2,
  /* What unwinders of this process (exceptions, _Unwind_Backtrace, backtrace (3), RtlVirtualUnwind)
     need to pass through generated code: on Linux on x86-64 and aarch64, on Windows on x86-64. With
     it the embedder says that EVERY published function keeps a frame record at the top of its
     frame, as compilers do with -fno-omit-frame-pointer: x86-64 `push rbp; mov rbp, rsp` first,
     aarch64 `stp x29, x30, [sp, -16]!; mov x29, sp` first.  Not described are the instructions
     before the record is there and after it is gone (a signal handler cannot unwind from those),
     functions without one, and where other callee-saved registers are: an exception comes through,
     but leaves them as the generated code had them.  Functions that need more go into a space
     without this tool and are described by the embedder, with __register_frame, or
     RtlAddFunctionTable.  */
  MIR_CODE_FRAMES = 1 << 3,
  MIR_CODE_ALL_TOOLS = MIR_CODE_PERF_MAP | MIR_CODE_JITDUMP | MIR_CODE_GDB | MIR_CODE_FRAMES
};

typedef enum MIR_code_tool_status {
  MIR_CODE_TOOL_OK,
  MIR_CODE_TOOL_NOT_WANTED,   /* not asked for */
  MIR_CODE_TOOL_UNSUPPORTED,  /* not on this system or this CPU */
  MIR_CODE_TOOL_NO_MEMORY,    /* the allocator refused */
  MIR_CODE_TOOL_UNSAFE_FILE,  /* in its file's place is a link, another user's file or one in use */
  MIR_CODE_TOOL_FILE_REFUSED, /* its file could not be made, mapped or written to */
  MIR_CODE_TOOL_BAD_OPTION    /* an option out of its bounds */
} MIR_code_tool_status_t;

/* A few words, lower case, static.  */
MIR_ALLOC_API const char *MIR_code_tool_status_text (MIR_code_tool_status_t status);

/* Every member but SIZE may be zero, which is the default.  */
typedef struct MIR_code_tools_options {
  size_t size;             /* sizeof (MIR_code_tools_options_t): the version of this structure */
  MIR_alloc_t alloc;       /* kept by pointer; NULL: mimalloc.  It is called from hooks, which must
                              return, so it may not leave by longjmp.  */
  unsigned wanted;         /* tools; 0: MIR_CODE_PERF_MAP and MIR_CODE_GDB */
  const char *jitdump_dir; /* read during the call; NULL: $JITDUMPDIR, or if there is none "." */
} MIR_code_tools_options_t;

typedef struct MIR_code_tools *MIR_code_tools_t;

/* Start the tools that OPTIONS want, NULL for all defaults, and set *TOOLS to them; the caller owns
   them until MIR_code_tools_finish.  A tool which cannot start is no failure: ask for its state.
   MIR_CODE_TOOL_NO_MEMORY and MIR_CODE_TOOL_BAD_OPTION are, and set *TOOLS to NULL.  */
MIR_ALLOC_API MIR_code_tool_status_t MIR_code_tools_create (const MIR_code_tools_options_t *options,
                                                            MIR_code_tools_t *tools);

/* For the member `hooks` of MIR_code_options_t, from the beginning of a space; several spaces may
   have them.  Owned by TOOLS.  */
MIR_ALLOC_API const MIR_code_hooks_t *MIR_code_tools_hooks (MIR_code_tools_t tools);

/* How one tool is doing.  */
typedef struct MIR_code_tool_state {
  MIR_code_tool_status_t status; /* MIR_CODE_TOOL_OK: at work; otherwise it has stopped, or never
                                    started, and loses all events */
  int error;                     /* errno or GetLastError () of the refused call; 0: none */
  uint64_t events;               /* passed on or waiting for a flush: pieces, for frames mappings */
  uint64_t lost;                 /* the others */
} MIR_code_tool_state_t;

/* Set *STATE to the state of TOOL, one of the bits above.  MIR_CODE_TOOL_BAD_OPTION if it is none.
 */
MIR_ALLOC_API MIR_code_tool_status_t MIR_code_tools_get_state (MIR_code_tools_t tools,
                                                               unsigned tool,
                                                               MIR_code_tool_state_t *state);

/* Write what is buffered, and let GDB know all names.  After a compilation, say, or at times: the
   buffers (64 KiB for each file) are written by themselves when they are full, and by ..._finish,
   but not when the program dies.  The status of the first tool that has stopped, or OK.  */
MIR_ALLOC_API MIR_code_tool_status_t MIR_code_tools_flush (MIR_code_tools_t tools);

/* Flush, take back what was registered, and free TOOLS; NULL is allowed.  No space may have its
   hooks any more: finish those first.  The files stay, for perf.  */
MIR_ALLOC_API void MIR_code_tools_finish (MIR_code_tools_t tools);

/* After a fork the child goes on with files of its own, in which is what it publishes; what was
   published before is in its parent's, in which perf looks up what the child has inherited.  */

#ifdef __cplusplus
}
#endif

#endif /* MIR_CODE_TOOLS_H */
