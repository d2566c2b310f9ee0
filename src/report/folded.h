/* Folded stacks, the input of flame graphs.  */
#ifndef MIR_REPORT_FOLDED_H
#define MIR_REPORT_FOLDED_H

#include "report/output.h"
#include "report/types.h"

/* Write a line "scope;scope;function BYTES" for each node that made blocks.  */
void folded_write (struct output *output, const struct picture *picture);

#endif /* MIR_REPORT_FOLDED_H */
