/* What libtcc compiles, in code memory of mir-code-object.h, in place of tcc_relocate.

       TCCState *state = tcc_new ();
       tcc_set_output_type (state, TCC_OUTPUT_MEMORY);
       ... tcc_compile_string (state, "int add (int a, int b) { return a + b; }") ...
       MIR_code_object_t object;
       if (MIR_tcc_relocate (space, state, NULL, &object) == MIR_CODE_OK)
         func = tcc_get_symbol (state, "add");
       tcc_delete (state);
       ... func (1, 2) ...
       MIR_code_object_free_now (space, object);

   libtcc puts code and writable data in one block, writes it where it will run, and makes its code
   writable and executable itself.  So the space allows only that: `backends` is MIR_CODE_RWX, and it
   has a range, `reserve`.  Where memory may not be writable and executable (PR_SET_MDWE, SELinux),
   there is no such space, and libtcc works as little by itself: its tcc_relocate ends the process.

   libtcc 0.9.27, and later ones until 2024-02-09, when tcc_relocate lost its second parameter;
   POSIX.  */
#ifndef MIR_TCC_H
#define MIR_TCC_H

/* C's casts and NULL are none of a C++ program's business; our tests see the warnings.  */
#if defined(__cplusplus) && defined(__GNUC__) && !defined(MIR_ALLOC_WARNINGS)
#pragma GCC system_header
#endif

#include <libtcc.h>
#include <string.h> /* memset, strcmp */
#include <sys/mman.h>
#include <unistd.h> /* sysconf */

#include "mir-code-object.h"
#include "mir-code.h"

#ifdef __cplusplus
extern "C" {
#endif

/* Give STATE room in SPACE, relocate what it has compiled there, and set *OBJECT to the object, which
   the caller owns until it is freed.  INFO, which may be NULL, is for all of its code.  Call it once
   for a STATE, instead of tcc_relocate; after a failure STATE can only be deleted.  The addresses of
   symbols are tcc_get_symbol's, and outlive STATE.

   MIR_CODE_BAD_OPTION: libtcc has found an error, of which its error function was told, or SPACE is
   not as said above.  MIR_CODE_WRITE_REFUSED: the system has come to refuse executable memory that is
   writable.  */
static inline MIR_code_status_t MIR_tcc_relocate (MIR_code_space_t space, TCCState *state,
                                                  const MIR_code_info_t *info,
                                                  MIR_code_object_t *object) {
  MIR_code_segment_t segment;
  MIR_code_stats_t stats;
  memset (&stats, 0, sizeof (stats));
  stats.size = sizeof (stats);
  MIR_code_status_t status = MIR_code_get_stats (space, &stats);
  if (status != MIR_CODE_OK) return status;
  if (strcmp (stats.backend, "rwx") != 0) return MIR_CODE_BAD_OPTION; /* data would be read-only */
  int len = tcc_relocate (state, NULL);
  if (len < 0) return MIR_CODE_BAD_OPTION;
  memset (&segment, 0, sizeof (segment));
  segment.size = sizeof (segment);
  segment.access = MIR_CODE_READ_EXEC;
  segment.flags = MIR_CODE_IN_PLACE;
  segment.len = (size_t) len;
  segment.alignment = 64;
  status = MIR_code_object_reserve (space, &segment, 1, object);
  if (status != MIR_CODE_OK) return status;
  /* tcc_relocate does the same, and ends the process if it fails.  */
  uintptr_t page = (uintptr_t) sysconf (_SC_PAGESIZE);
  uintptr_t first = (uintptr_t) segment.addr & ~(page - 1);
  if (mprotect ((void *) first, (uintptr_t) segment.addr + segment.len - first,
                PROT_READ | PROT_WRITE | PROT_EXEC)
      != 0)
    status = MIR_CODE_WRITE_REFUSED;
  else if (tcc_relocate (state, segment.addr) < 0)
    status = MIR_CODE_BAD_OPTION;
  else
    status = MIR_code_object_commit (space, *object, info);
  if (status != MIR_CODE_OK) MIR_code_object_abort (space, *object);
  return status;
}

#ifdef __cplusplus
}
#endif

#endif /* MIR_TCC_H */
