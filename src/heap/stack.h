/* Where a thread is.  The build picks the file.  */
#ifndef MIR_STACK_H
#define MIR_STACK_H

#include <stddef.h> /* size_t */

/* Up to MAX return addresses of the caller's callers, innermost first; how many.  */
size_t mir_stack_take (void **frames, size_t max);
/* Print NUM of them to stderr.  */
void mir_stack_print (void *const *frames, size_t num);

#endif /* MIR_STACK_H */
