/* The calling conventions of x86-64.  Code for each can be compiled anywhere: where a compiler can
   call the other one as well (GCC's ms_abi), a test does.  */
#ifndef PACKET_FILTER_JIT_X86_64_H
#define PACKET_FILTER_JIT_X86_64_H

#include "jit.h"

extern const struct jit_abi jit_abi_system_v, jit_abi_windows;

#endif /* PACKET_FILTER_JIT_X86_64_H */
