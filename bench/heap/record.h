/* A MIR_alloc which records: see record.c.  */
#ifndef RECORD_H
#define RECORD_H

#include "mir-alloc.h"

extern struct MIR_alloc recording_alloc;

#endif /* RECORD_H */
