/* Machine code that loads a DLL in the target and keeps the error if that fails.

   A thread that runs LoadLibraryW itself ends with the low half of an address or with 0, and its
   error is lost.  So the thread runs this code, with this block as its argument:

       [ block | path | … page ][ code … page ]       read and write | read and execute

   On each CPU: module = load (path); error = last_error (); done = 1; return 0.  */

#ifndef MIR_INJECT_PROCESS_LOAD_CODE_H
#define MIR_INJECT_PROCESS_LOAD_CODE_H

#include <stddef.h> /* size_t */
#include <stdint.h>

#include "inject/pe/pe.h"

/* The path of the DLL follows: UTF-16, ends with 0.  */
struct load_block {
  uint64_t load;       /* address of LoadLibraryW in the target */
  uint64_t last_error; /* address of GetLastError in the target */
  uint64_t module;     /* result of LoadLibraryW */
  uint32_t error;      /* valid if MODULE is 0 */
  uint32_t done;       /* 1: MODULE and ERROR are set */
};

/* The code for MACHINE, of N bytes.  It takes the address of a block as its argument and can run as
   a thread or as an asynchronous procedure call.  NULL if there is none for MACHINE.  */
const uint8_t *load_code (enum pe_machine machine, size_t *n);

#endif
