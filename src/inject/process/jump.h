/* Follows jumps at the entry of a function.  Any thread.  */

#ifndef MIR_INJECT_PROCESS_JUMP_H
#define MIR_INJECT_PROCESS_JUMP_H

#include <stddef.h> /* size_t */
#include <stdint.h>

#include "inject/pe/pe.h"

/* Copy N bytes from ADDRESS in the target.  Returns 0, or -1 if they cannot be read.  */
typedef int jump_read_t (void *user_data, uint64_t address, void *to, size_t n);

/* Follow jumps from ADDRESS until they reach the SIZE bytes at BASE or code that is no jump.  These
   are the jumps by which mir-ucrt.dll and other hooks redirect a function, directly or through a
   jump stub.  Returns the address that is reached, ADDRESS itself if there is no jump; 0 if memory
   could not be read.  MACHINE is the CPU of the code.  */
uint64_t jump_follow (enum pe_machine machine, uint64_t address, uint64_t base, uint64_t size,
                      jump_read_t *read, void *user_data);

#endif
