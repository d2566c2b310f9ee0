/* Folded stacks, the input of flame graphs, made of the tree of a picture (types.h).  */
#ifndef MIR_REPORT_FOLDED_H
#define MIR_REPORT_FOLDED_H

#include "report/output.h"
#include "report/types.h"

/* A line "scope;scope;function BYTES" for each node that made blocks.  */
void folded_write (struct output *output, const struct picture *picture);

#endif /* MIR_REPORT_FOLDED_H */
