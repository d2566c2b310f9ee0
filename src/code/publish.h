/* The publication of one code block.  No lock is held when these functions are called: each takes
   the lock of the pool.  Any thread.  On failure nothing is published.  */
#ifndef MIR_CODE_PUBLISH_H
#define MIR_CODE_PUBLISH_H

#include <stddef.h> /* size_t */
#include <stdint.h>

#include "mir-code.h"
#include "code/pool.h"

/* Publish LEN > 0 bytes, set *RES to them and notify the hooks.  INFO may be NULL.  */
MIR_code_status_t mir_publish (struct mir_pool *pool, const uint8_t *bytes, size_t len,
                               const MIR_code_info_t *info, uint8_t **res);
/* As mir_publish, but without notifying the hooks; VALUE is remembered for the block in TABLE.  */
MIR_code_status_t mir_publish_with (struct mir_pool *pool, const uint8_t *bytes, size_t len,
                                    enum mir_table table, uint64_t value, uint8_t **res);
/* Set *RES to where SIZE bytes would be published next.  */
MIR_code_status_t mir_next_addr (struct mir_pool *pool, size_t size, uint8_t **res);
/* Call the hook `published`, if there is one, unless NUM is 0.  */
void mir_notify_published (struct MIR_code_space *space, const MIR_code_event_t *events,
                           size_t num);

#endif /* MIR_CODE_PUBLISH_H */
