/* The few instructions which load a DLL in another process and tell why, if it did not load.

   A thread whose function is LoadLibraryW itself ends with the low half of an address or 0, and the
   error is lost with it.  So the thread runs this code on this block instead:

       [ block | path | … page ][ code … page ]       read and write | read and execute

   for each CPU: module = load (path); error = last_error (); done = 1; return 0.  */

#ifndef MIR_INJECT_PROCESS_LOAD_CODE_H
#define MIR_INJECT_PROCESS_LOAD_CODE_H

#include <stddef.h> /* size_t */
#include <stdint.h>
#include "inject/pe/pe.h"

struct load_block {
  uint64_t load;       /* address of LoadLibraryW, there */
  uint64_t last_error; /* address of GetLastError, there */
  uint64_t module;     /* what LoadLibraryW gave */
  uint32_t error;      /* means something if MODULE is 0 */
  uint32_t done;       /* 1: MODULE and ERROR are set */
};                     /* the path follows: UTF-16, ends with 0 */

/* The code for MACHINE, which takes the address of a block as its one argument and can be a thread
   or an asynchronous procedure call; N is its size in bytes.  NULL if we have none.  */
const uint8_t *load_code (enum pe_machine machine, size_t *n);

#endif
