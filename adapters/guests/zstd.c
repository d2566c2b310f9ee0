/* Drives zstd: compresses a text and takes it apart again.  */
#include "adapters/mir-zstd.h"

#include <string.h>
#include <zstd_errors.h>

#include "guests/guest.h"
#include "guests/record.h"
#include "guests/text.h"

/* Workers need a text of several jobs, to share.  */
enum { LEN = 600000, LONG_LEN = 9000000, BOUND = ZSTD_COMPRESSBOUND (LONG_LEN) };

static char text[LONG_LEN], packed[BOUND], unpacked[LONG_LEN];

static ZSTD_customMem memory (MIR_alloc_t alloc) {
  const ZSTD_customMem recorder = {record_opaque_malloc, record_opaque_free, NULL};
  return alloc != NULL ? MIR_zstd_mem (alloc) : recorder;
}

static enum guest_result failure (size_t code) {
  return ZSTD_getErrorCode (code) == ZSTD_error_memory_allocation ? GUEST_NO_MEMORY : GUEST_WRONG;
}

/* Compress the TEXT_LEN bytes of the text; *LEN is what they came to.  */
static enum guest_result pack (ZSTD_customMem mem, size_t text_len, int level, int workers,
                               size_t *len) {
  ZSTD_CCtx *context = ZSTD_createCCtx_advanced (mem);
  if (context == NULL) return GUEST_NO_MEMORY;
  size_t res = ZSTD_CCtx_setParameter (context, ZSTD_c_compressionLevel, level);
  if (!ZSTD_isError (res)) res = ZSTD_CCtx_setParameter (context, ZSTD_c_nbWorkers, workers);
  if (!ZSTD_isError (res)) res = ZSTD_compress2 (context, packed, BOUND, text, text_len);
  ZSTD_freeCCtx (context);
  if (ZSTD_isError (res)) return failure (res);
  *len = res;
  return GUEST_RIGHT;
}

static enum guest_result unpack (ZSTD_customMem mem, size_t text_len, size_t len) {
  ZSTD_DCtx *context = ZSTD_createDCtx_advanced (mem);
  if (context == NULL) return GUEST_NO_MEMORY;
  size_t res = ZSTD_decompressDCtx (context, unpacked, text_len, packed, len);
  ZSTD_freeDCtx (context);
  if (ZSTD_isError (res)) return failure (res);
  return res == text_len && memcmp (text, unpacked, text_len) == 0 ? GUEST_RIGHT : GUEST_WRONG;
}

static enum guest_result there_and_back (MIR_alloc_t alloc, size_t text_len, int level,
                                         int workers) {
  size_t len = 0;
  guest_text (text, text_len);
  enum guest_result res = pack (memory (alloc), text_len, level, workers, &len);
  return res == GUEST_RIGHT ? unpack (memory (alloc), text_len, len) : res;
}

static enum guest_result level_3 (MIR_alloc_t alloc) {
  return there_and_back (alloc, LEN, 3, 0);
}

static enum guest_result level_19 (MIR_alloc_t alloc) {
  return there_and_back (alloc, LEN, 19, 0);
}

static enum guest_result workers (MIR_alloc_t alloc) {
  return there_and_back (alloc, LONG_LEN, 3, 2);
}

const char *guest_version (void) {
  return ZSTD_versionString ();
}

const struct guest guests[] = {
    {.name = "zstd, level 3", .run = level_3, .refusals = GUEST_FAILS_CLEANLY},
    {.name = "zstd, level 19", .run = level_19, .refusals = GUEST_FAILS_CLEANLY},
    {.name = "zstd, 2 workers", .run = workers, .refusals = GUEST_NOT_ALWAYS, .varies = 1},
    {.name = NULL},
};
