/* An .eh_frame section that says: every function in one range keeps a frame record.  Bytes only:
   any thread.  */
#ifndef MIR_TOOLS_EH_FRAME_H
#define MIR_TOOLS_EH_FRAME_H

#include <stddef.h> /* size_t */
#include <stdint.h>
#include <string.h>

#include "tools/target.h"

/* One CIE, one FDE and the terminator, as they are in memory (Linux Standard Base Core
   Specification, Exception Frames).  The members have no padding between them.  */
struct mir_eh_frame {
  uint32_t cie_len; /* bytes after this member */
  uint32_t cie_id;  /* 0 */
  uint8_t cie[MIR_CIE_BYTES];
  uint32_t fde_len;      /* bytes after this member */
  uint32_t cie_distance; /* from this member back to the CIE */
  uintptr_t start, len;
  uint32_t end; /* 0 */
};

/* Make FRAME describe the LEN bytes at START.  */
static inline void mir_eh_frame_fill (struct mir_eh_frame *frame, const uint8_t *start,
                                      size_t len) {
  memset (frame, 0, sizeof (*frame));
  frame->cie_len = offsetof (struct mir_eh_frame, fde_len) - offsetof (struct mir_eh_frame, cie_id);
  memcpy (frame->cie, mir_target.cie, MIR_CIE_BYTES);
  frame->fde_len =
      offsetof (struct mir_eh_frame, end) - offsetof (struct mir_eh_frame, cie_distance);
  frame->cie_distance = offsetof (struct mir_eh_frame, cie_distance);
  frame->start = (uintptr_t) start;
  frame->len = len;
}

#endif /* MIR_TOOLS_EH_FRAME_H */
