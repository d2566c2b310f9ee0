/* The machine code which the library itself needs; one file per CPU has the patterns.

   thunk   instructions which jump to the target in a cell; the cell's address is behind them:

             [ load the cell's address, pc-relative | load the target | jump | pad | address ]

           A cell is private data, so a redirect is one aligned store.  A thread which runs the
           thunk meanwhile sees the old target or the new one; no page of code changes.

   proof   a function without arguments which returns 42, and one of the same length which returns
           43.  Executable memory works if both have run at one address.

   trap    instructions which stop the program.

   Constants: any thread.  The bytes are in the order in which they lie in memory.  */
#ifndef MIR_CODE_CPU_H
#define MIR_CODE_CPU_H

#include <stddef.h> /* size_t */
#include <stdint.h> /* uint8_t */

enum {
  MIR_CPU_THUNK_MAX_LEN = 48, /* bytes, the cell included */
  MIR_CPU_PROOF_MAX_LEN = 12
};

struct mir_cpu {
  uint8_t thunk[MIR_CPU_THUNK_MAX_LEN];    /* instructions, up to THUNK_CELL */
  size_t thunk_cell;                       /* offset of the cell's address; 0: no thunks */
  uint8_t proof[2][MIR_CPU_PROOF_MAX_LEN]; /* returning 42 and 43 */
  size_t proof_len;                        /* bytes; 0: there is none */
  uint8_t trap[4];                         /* repeated until the space is full */
  size_t reach;                            /* bytes: how far a direct call goes, forward and back */
};

/* The patterns of the CPU for which the library is built.  Without patterns all is 0 but REACH.  */
extern const struct mir_cpu mir_cpu;

#endif /* MIR_CODE_CPU_H */
