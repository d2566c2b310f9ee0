/* The typed containers of this program.  Without memory they fail like everything else, by fail.

   In each source file the hooks must be defined before the first include of the containers.  So
   every file here includes this header instead of mir-varr.h and mir-htab.h.  */
#ifndef MIR_EXAMPLES_PACKET_FILTER_CONTAINERS_H
#define MIR_EXAMPLES_PACKET_FILTER_CONTAINERS_H

#include "failure.h"

#include <stdint.h> /* uint8_t */

#define MIR_VARR_ERROR(MESSAGE) fail (MIR_alloc_error, "%s", MESSAGE)
#define MIR_HTAB_ERROR(MESSAGE) fail (MIR_alloc_error, "%s", MESSAGE)
#include "mir-varr.h"
#include "mir-bytes-hash.h"
#include "mir-htab.h"

DEF_VARR (uint8_t)

#endif /* MIR_EXAMPLES_PACKET_FILTER_CONTAINERS_H */
