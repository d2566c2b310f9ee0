/* The typed containers of this program, with refused memory on the program's one way out.

   The hooks must be defined before the first include of the containers in each source file; that
   is why every file here includes this header and never the containers themselves.  */
#ifndef PACKET_FILTER_CONTAINERS_H
#define PACKET_FILTER_CONTAINERS_H

#include "failure.h"

#include <stdint.h> /* uint8_t */

#define MIR_VARR_ERROR(MESSAGE) fail (MIR_alloc_error, "%s", MESSAGE)
#define MIR_HTAB_ERROR(MESSAGE) fail (MIR_alloc_error, "%s", MESSAGE)
#include "mir-varr.h"
#include "mir-bytes-hash.h"
#include "mir-htab.h"

DEF_VARR (uint8_t)

#endif /* PACKET_FILTER_CONTAINERS_H */
