/* Thunks: a few instructions which jump to an address kept behind them.

     [ load the target relative to here; jump to it | pad | target ]
                                                          cell, aligned to 8 bytes

   The target is data: redirecting is one aligned store, which a thread that runs the thunk meanwhile
   sees whole or not at all, and no instruction changes.  One file per CPU gives the pattern.  */
#ifndef MIR_CODE_THUNK_H
#define MIR_CODE_THUNK_H

#include <stddef.h> /* size_t */
#include <stdint.h> /* uint8_t */

enum { MIR_THUNK_MAX_LEN = 48 }; /* bytes, the cell included */

struct mir_thunk_pattern {
  uint8_t code[MIR_THUNK_MAX_LEN];
  size_t cell; /* offset of the target, a multiple of 8; 0: no thunks for this CPU */
};

extern const struct mir_thunk_pattern mir_thunk_pattern;

#endif /* MIR_CODE_THUNK_H */
