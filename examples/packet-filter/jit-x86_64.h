/* The calling conventions of x86-64.  Code for both can be compiled anywhere; the tests run both
   where the C compiler can call both (GCC's ms_abi).  */
#ifndef MIR_EXAMPLES_PACKET_FILTER_JIT_X86_64_H
#define MIR_EXAMPLES_PACKET_FILTER_JIT_X86_64_H

#include "jit.h"

extern const struct jit_abi jit_abi_system_v, jit_abi_windows;

#endif /* MIR_EXAMPLES_PACKET_FILTER_JIT_X86_64_H */
