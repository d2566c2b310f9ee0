/* Where a function's entry leads, when it begins with a jump.  */

#ifndef MIR_INJECT_PROCESS_JUMP_H
#define MIR_INJECT_PROCESS_JUMP_H

#include <stddef.h> /* size_t */
#include <stdint.h>
#include "inject/pe/pe.h"

/* Copy N bytes of memory at ADDRESS.  0, or -1 if they cannot be read.  */
typedef int jump_read_t (void *user_data, uint64_t address, void *to, size_t n);

/* Follow the jumps at ADDRESS, those by which mir-ucrt.dll and other hookers lead a function away,
   directly or through a relay, until they come into the SIZE bytes at BASE or to something else
   than a jump.  Where that is: ADDRESS itself if there is no jump; 0 if memory could not be read.
   MACHINE is that of the code.  */
uint64_t jump_follow (enum pe_machine machine, uint64_t address, uint64_t base, uint64_t size,
                      jump_read_t *read, void *user_data);

#endif
