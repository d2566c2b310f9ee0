/* Traces that a test writes byte by byte, and the picture of one.  */
#ifndef MIR_TESTS_REPORT_TRACE_BYTES_H
#define MIR_TESTS_REPORT_TRACE_BYTES_H

#include "report/picture-read.h"
#include "report/report-alloc.h"
#include "support/tap.h"
#include "trace/format.h"

static uint8_t bytes[8000000];
static size_t bytes_num;

static inline void byte (unsigned value) {
  if (bytes_num < sizeof (bytes)) bytes[bytes_num++] = (uint8_t) value;
}

static inline void number (uint64_t value) {
  for (; value >= 0x80; value >>= 7) byte ((unsigned) (value & 0x7f) | 0x80);
  byte ((unsigned) value);
}

/* LEN bytes at TEXT, at most MIR_TRACE_NAME_MAX.  */
static inline void text (const char *from, size_t len) {
  number (len);
  for (size_t i = 0; i < len; i++) byte ((unsigned char) from[i]);
}

static inline void begin_titled (const char *title) {
  bytes_num = 0;
  for (const char *p = MIR_TRACE_MAGIC; *p != '\0'; p++) byte ((unsigned char) *p);
  byte (MIR_TRACE_VERSION);
  byte (8);
  number (0);
  number (1);
  text (title, strlen (title));
}

static inline void begin_bytes (void) {
  begin_titled ("");
}

/* Addresses are passed as coded differences.  */
static inline void record (enum mir_trace_kind kind, int numbers, uint64_t a, uint64_t b,
                           uint64_t c, uint64_t d) {
  uint64_t all[4] = {a, b, c, d};
  byte (kind);
  for (int i = 0; i < numbers; i++) number (all[i]);
}

/* ADDRESS as its difference to *LAST, which becomes ADDRESS.  */
static inline uint64_t difference (uint64_t *last, uint64_t address) {
  uint64_t plain = address - *last;
  *last = address;
  return plain << 1 ^ (0 - (plain >> 63));
}

#endif /* MIR_TESTS_REPORT_TRACE_BYTES_H */
