/* The little machine code which the library itself needs: one file per CPU has the patterns.

   thunk   a few instructions which jump to what is in a cell; the cell's address is behind them:

             [ load the cell's address relative to here; load the target from it; jump | pad |
   address ]

           A cell is private data: redirecting is one aligned store, which a thread that runs the
           thunk meanwhile sees whole or not at all, and neither the thunk nor any page of code
           changes.

   proof   a function without arguments which returns 42, and one of the same length which returns
           43: executable memory is believed in when both have run at one address.

   trap    an instruction, or several, which stops the program.  */
#ifndef MIR_CODE_CPU_H
#define MIR_CODE_CPU_H

#include <stddef.h> /* size_t */
#include <stdint.h> /* uint8_t */

enum {
  MIR_CPU_THUNK_MAX_LEN = 48, /* bytes, the cell included */
  MIR_CPU_PROOF_MAX_LEN = 12
};

struct mir_cpu {
  uint8_t thunk[MIR_CPU_THUNK_MAX_LEN];
  size_t thunk_cell;                       /* offset of the cell's address, a multiple of 8 */
  uint8_t proof[2][MIR_CPU_PROOF_MAX_LEN]; /* returning 42 and 43 */
  size_t proof_len;
  uint8_t trap[4];
  size_t reach; /* bytes: how far a direct call goes, forward and back */
};

/* Of the CPU the library was built for; all zero for one that nobody has written patterns for.  */
extern const struct mir_cpu mir_cpu;

#endif /* MIR_CODE_CPU_H */
