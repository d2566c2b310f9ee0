/* A stream of functions that are born and die, the same in each run.

   event   a function is published, after all whose time has come have died
   step    one of these births and deaths
   shape   how long functions are, and how long they live  */
#ifndef MIR_BENCH_CODE_STREAM_H
#define MIR_BENCH_CODE_STREAM_H

#include <stddef.h> /* size_t */
#include <stdint.h>

enum { STREAM_MAX_LEN = 4 << 20, STREAM_MAX_LIVE = 1 << 17 };

struct stream_shape {
  const char *name;
  double sigma; /* of log-normal sizes with a median of 492 bytes; 0: 64 to 1024 bytes, uniform */
  size_t max_len;
  double mean_life; /* of exponential lifetimes, in events; 0: Zipf's */
};

/* Below STREAM_MAX_LIVE; no two live functions have the same number.  */
typedef uint32_t stream_number_t;

struct stream_step {
  stream_number_t number; /* of the function */
  uint32_t len;           /* bytes */
  int dies;
};

struct stream;

/* The caller owns the stream until stream_close.  */
struct stream *stream_open (const struct stream_shape *shape);
void stream_close (struct stream *stream);
/* Set *STEPS to the steps of the next EVENTS events, which the stream owns until the next call, and
   return their number.  */
size_t stream_next (struct stream *stream, size_t events, const struct stream_step **steps);

#endif /* MIR_BENCH_CODE_STREAM_H */
