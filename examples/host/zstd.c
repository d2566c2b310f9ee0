/* The guest zstd: fails cleanly wherever it is refused memory, without workers.  */
#include "guest.h"

#include <string.h>
#include <zstd_errors.h>

#include "adapters/mir-zstd.h"

enum { LEN = 300000, BOUND = ZSTD_COMPRESSBOUND (LEN), HOARD = 1000 };

static char text[LEN], packed[BOUND], unpacked[LEN];
static ZSTD_CCtx *packer, *hoarded[HOARD];
static ZSTD_DCtx *unpacker;

static enum guest_result failure (struct memory *memory, size_t code) {
  int is_memory = ZSTD_getErrorCode (code) == ZSTD_error_memory_allocation;
  return guest_says (memory, is_memory ? GUEST_REFUSED : GUEST_WRONG, ZSTD_getErrorName (code));
}

static enum guest_result start (struct memory *memory) {
  for (size_t i = 0; i < LEN; i++) text[i] = (char) ('a' + i * i / 100 % 23);
  packer = ZSTD_createCCtx_advanced (MIR_zstd_mem (memory->alloc));
  unpacker = ZSTD_createDCtx_advanced (MIR_zstd_mem (memory->alloc));
  return packer != NULL && unpacker != NULL
             ? GUEST_DONE
             : guest_says (memory, GUEST_REFUSED, "no memory for a context");
}

static size_t pack (ZSTD_CCtx *by, int level) {
  size_t res = ZSTD_CCtx_setParameter (by, ZSTD_c_compressionLevel, level);
  return ZSTD_isError (res) ? res : ZSTD_compress2 (by, packed, BOUND, text, LEN);
}

static enum guest_result work (struct memory *memory) {
  size_t len = pack (packer, 3);
  if (ZSTD_isError (len)) return failure (memory, len);
  size_t res = ZSTD_decompressDCtx (unpacker, unpacked, LEN, packed, len);
  if (ZSTD_isError (res)) return failure (memory, res);
  return res == LEN && memcmp (text, unpacked, LEN) == 0
             ? GUEST_DONE
             : guest_says (memory, GUEST_WRONG, "a wrong result");
}

/* Contexts, each with what it has needed.  */
static enum guest_result hoard (struct memory *memory) {
  for (int i = 0; i < HOARD; i++) {
    hoarded[i] = ZSTD_createCCtx_advanced (MIR_zstd_mem (memory->alloc));
    if (hoarded[i] == NULL) return guest_says (memory, GUEST_REFUSED, "no memory for a context");
    size_t res = pack (hoarded[i], 1 + i % 9);
    if (ZSTD_isError (res)) return failure (memory, res);
  }
  return guest_says (memory, GUEST_WRONG, "there is no end of memory");
}

static void stop (struct memory *memory) {
  (void) memory;
  ZSTD_freeCCtx (packer);
  ZSTD_freeDCtx (unpacker);
  packer = NULL;
  unpacker = NULL;
  for (int i = 0; i < HOARD; i++) {
    ZSTD_freeCCtx (hoarded[i]);
    hoarded[i] = NULL;
  }
}

const struct guest zstd_guest = {.name = "zstd",
                                 .version = ZSTD_VERSION_STRING,
                                 .start = start,
                                 .work = work,
                                 .hoard = hoard,
                                 .stop = stop};
