/* The functions of the unwinder of this process: stacks, and frames of generated code.  The build
   picks the file.

   A library that needs a shared unwinder makes every program map and relocate it at its start, though
   few ask for a stack or describe frames.  So it is looked for when it is first needed.  */
#ifndef MIR_OS_UNWIND_FUNCTIONS_H
#define MIR_OS_UNWIND_FUNCTIONS_H

#include <stdint.h> /* uintptr_t */
#include <unwind.h>

/* What _Unwind_Find_FDE tells besides.  */
struct mir_unwind_bases {
  void *text, *data, *function;
};

typedef _Unwind_Reason_Code mir_unwind_backtrace_t (_Unwind_Trace_Fn step, void *arg);
typedef uintptr_t mir_unwind_address_t (struct _Unwind_Context *context);
typedef void mir_unwind_frame_t (void *fde);
typedef void mir_unwind_add_info_t (const void *section, void *object);
typedef void *mir_unwind_remove_info_t (const void *section);
typedef const void *mir_unwind_find_t (void *pc, struct mir_unwind_bases *bases);
typedef void mir_unwind_section_t (uintptr_t section);

/* All of one unwinder.  The first two are there; any other may be NULL.  The members are atomic
   because several threads may find them at once; they find the same, and it does not change.  */
struct mir_unwind_functions {
  mir_unwind_backtrace_t *_Atomic backtrace; /* _Unwind_Backtrace */
  mir_unwind_address_t *_Atomic address;     /* _Unwind_GetIP */
  /* They report no errors: libgcc's __register_frame aborts if it cannot allocate 48 bytes for
     itself.  */
  mir_unwind_frame_t *_Atomic add_frame, *_Atomic remove_frame; /* __[de]register_frame */
  mir_unwind_add_info_t *_Atomic add_info;                      /* __register_frame_info */
  mir_unwind_remove_info_t *_Atomic remove_info;                /* __deregister_frame_info */
  mir_unwind_find_t *_Atomic find;                              /* _Unwind_Find_FDE */
  /* LLVM's alone: __unw_add_dynamic_eh_frame_section, __unw_remove_dynamic_eh_frame_section.  */
  mir_unwind_section_t *_Atomic add_section, *_Atomic remove_section;
};

/* The functions, valid as long as the process lives.  NULL: it has no unwinder, and none can be loaded.
   Any thread; a child of fork may ask.  The first call may load a library, for which the loader allocates
   with malloc and takes its lock: hold no lock that a library's constructor might wait for.  What it
   allocates may come back here, in the same thread, by an allocator that records stacks: NULL then,
   too.  errno is as before.  */
const struct mir_unwind_functions *mir_os_unwind_functions (void);

#endif /* MIR_OS_UNWIND_FUNCTIONS_H */
