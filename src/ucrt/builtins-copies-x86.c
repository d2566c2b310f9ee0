/* memcpy, memmove and memset for x86-64 and x86: compilers call them, and so does mimalloc.  ntdll
   has them too, but Wine's are plain C, and reallocation spends most of its time there.

   All with SSE2; from BY_STRING bytes on with the string instructions where the CPU says that these
   are fast (ERMS).  Up to SHORT bytes all is read before the first byte is written, in pieces that
   overlap.  Above, the stores of the loop are aligned.  No function uses more than six vector
   registers: the others are the caller's on x86-64, and saving them costs more than a short copy.

   The compiler must not make calls of the same functions out of the loops: COPIES.  Any thread;
   no state but what the CPU can do.  */

#include <cpuid.h>
#include <emmintrin.h>
#include <stddef.h> /* size_t */
#include <stdint.h>
#include <string.h>

#define COPIES __attribute__ ((no_builtin ("memcpy", "memmove", "memset")))
#define PIECE static inline __attribute__ ((always_inline))

enum { STEP = 64, SHORT = 96, BY_STRING = 2048 }; /* bytes: of a turn of a loop; see above */

/* Words at any address.  */
typedef uint16_t __attribute__ ((may_alias, aligned (1))) word16_t;
typedef uint32_t __attribute__ ((may_alias, aligned (1))) word32_t;
typedef uint64_t __attribute__ ((may_alias, aligned (1))) word64_t;

PIECE __m128i get (const uint8_t *from) {
  return _mm_loadu_si128 ((const __m128i_u *) from);
}

PIECE void put (uint8_t *to, __m128i piece) {
  _mm_storeu_si128 ((__m128i_u *) to, piece);
}

/* STEP bytes.  */
struct pieces {
  __m128i a, b, c, d;
};

PIECE struct pieces get_step (const uint8_t *from) {
  return (struct pieces) {get (from), get (from + 16), get (from + 32), get (from + 48)};
}

PIECE void put_step (uint8_t *to, struct pieces pieces) {
  put (to, pieces.a);
  put (to + 16, pieces.b);
  put (to + 32, pieces.c);
  put (to + 48, pieces.d);
}

/* The same at a multiple of 16.  */
PIECE void put_aligned (uint8_t *to, struct pieces pieces) {
  _mm_store_si128 ((__m128i *) to, pieces.a);
  _mm_store_si128 ((__m128i *) (to + 16), pieces.b);
  _mm_store_si128 ((__m128i *) (to + 32), pieces.c);
  _mm_store_si128 ((__m128i *) (to + 48), pieces.d);
}

/* What is known of the CPU's string instructions.  */
enum strings { UNKNOWN, SLOW, FAST };
static enum strings strings;

/* Ask the CPU, once: in virtual machines it takes microseconds.  */
static __attribute__ ((noinline)) enum strings ask_cpu (void) {
  unsigned a, b = 0, c, d;
  int is_known = __get_cpuid_count (7, 0, &a, &b, &c, &d);
  enum strings answer = is_known && (b >> 9 & 1) ? FAST : SLOW;
  __atomic_store_n (&strings, answer, __ATOMIC_RELAXED);
  return answer;
}

/* Whether the CPU has fast string instructions.  */
static inline int has_fast_strings (void) {
  enum strings answer = __atomic_load_n (&strings, __ATOMIC_RELAXED);
  return (answer != UNKNOWN ? answer : ask_cpu ()) == FAST;
}

/*---------------- Copying -----------------------------*/

/* Copy N <= 16 bytes.  */
PIECE void copy_16 (uint8_t *to, const uint8_t *from, size_t n) {
  if (n >= 8) {
    uint64_t first = *(const word64_t *) from, last = *(const word64_t *) (from + n - 8);
    *(word64_t *) to = first;
    *(word64_t *) (to + n - 8) = last;
  } else if (n >= 4) {
    uint32_t first = *(const word32_t *) from, last = *(const word32_t *) (from + n - 4);
    *(word32_t *) to = first;
    *(word32_t *) (to + n - 4) = last;
  } else if (n >= 2) {
    uint16_t first = *(const word16_t *) from, last = *(const word16_t *) (from + n - 2);
    *(word16_t *) to = first;
    *(word16_t *) (to + n - 2) = last;
  } else if (n == 1)
    *to = *from;
}

/* Copy N <= STEP bytes.  */
PIECE void copy_step (uint8_t *to, const uint8_t *from, size_t n) {
  if (n <= 16) {
    copy_16 (to, from, n);
  } else if (n <= 32) {
    __m128i first = get (from), last = get (from + n - 16);
    put (to, first);
    put (to + n - 16, last);
  } else {
    __m128i a = get (from), b = get (from + 16), c = get (from + n - 32), d = get (from + n - 16);
    put (to, a);
    put (to + 16, b);
    put (to + n - 32, c);
    put (to + n - 16, d);
  }
}

/* Copy N bytes, more than STEP and at most SHORT.  */
PIECE void copy_short (uint8_t *to, const uint8_t *from, size_t n) {
  __m128i a = get (from), b = get (from + 16), c = get (from + 32);
  __m128i d = get (from + n - 48), e = get (from + n - 32), f = get (from + n - 16);
  put (to, a);
  put (to + 16, b);
  put (to + 32, c);
  put (to + n - 48, d);
  put (to + n - 32, e);
  put (to + n - 16, f);
}

/* Copy N > STEP bytes from the first to the last.  The first 16 are written when the loop has read
   all that they may overlap.  */
COPIES __attribute__ ((noinline)) static void *copy_up (uint8_t *to, const uint8_t *from,
                                                        size_t n) {
  __m128i first = get (from);
  size_t at = 16 - ((uintptr_t) to & 15);
  for (; n - at > STEP; at += STEP) put_aligned (to + at, get_step (from + at));
  put (to, first);
  copy_step (to + at, from + at, n - at);
  return to;
}

/* The same from the last to the first.  */
COPIES __attribute__ ((noinline)) static void *copy_down (uint8_t *to, const uint8_t *from,
                                                          size_t n) {
  __m128i last = get (from + n - 16);
  size_t at = n - ((uintptr_t) (to + n) & 15);
  for (; at > STEP; at -= STEP) put_aligned (to + at - STEP, get_step (from + at - STEP));
  put (to + n - 16, last);
  copy_step (to, from, at);
  return to;
}

/* Copy N bytes that do not overlap.  */
COPIES __attribute__ ((noinline)) static void *copy_string (void *to, const void *from, size_t n) {
  void *target = to;
  __asm__ volatile ("rep movsb" : "+D"(target), "+S"(from), "+c"(n) : : "memory");
  return to;
}

/* Copy N > SHORT bytes.  */
COPIES __attribute__ ((noinline)) static void *copy_long (void *to, const void *from, size_t n) {
  size_t above = (uintptr_t) to - (uintptr_t) from, below = (uintptr_t) from - (uintptr_t) to;
  if (above < n) return copy_down (to, from, n);
  if (n < BY_STRING || below < n || !has_fast_strings ()) return copy_up (to, from, n);
  return copy_string (to, from, n);
}

/* Not memmove itself: of memcpy's arguments the compiler knows that they do not overlap, and would
   make a call of memmove one of memcpy.  */
COPIES PIECE void *copy (void *to, const void *from, size_t n) {
  if (n > SHORT) return copy_long (to, from, n);
  if (n > STEP)
    copy_short (to, from, n);
  else
    copy_step (to, from, n);
  return to;
}

COPIES void *memmove (void *to, const void *from, size_t n) {
  return copy (to, from, n);
}

COPIES void *memcpy (void *restrict to, const void *restrict from, size_t n) {
  return copy (to, from, n);
}

/*---------------- Filling -----------------------------*/

/* Fill N <= 16 bytes.  */
PIECE void fill_16 (uint8_t *to, uint8_t with, size_t n) {
  uint32_t word = with * 0x01010101u;
  if (n >= 8) {
    uint64_t words = (uint64_t) word << 32 | word;
    *(word64_t *) to = words;
    *(word64_t *) (to + n - 8) = words;
  } else if (n >= 4) {
    *(word32_t *) to = word;
    *(word32_t *) (to + n - 4) = word;
  } else if (n >= 2) {
    *(word16_t *) to = (uint16_t) word;
    *(word16_t *) (to + n - 2) = (uint16_t) word;
  } else if (n == 1)
    *to = with;
}

/* Fill N > STEP bytes with the bytes of PIECE.  */
PIECE void fill_steps (uint8_t *to, __m128i piece, size_t n) {
  struct pieces pieces = {piece, piece, piece, piece};
  put (to, piece);
  for (size_t at = 16 - ((uintptr_t) to & 15); n - at > STEP; at += STEP)
    put_aligned (to + at, pieces);
  put_step (to + n - STEP, pieces);
}

COPIES __attribute__ ((noinline)) static void *fill_string (void *to, int with, size_t n) {
  void *target = to;
  __asm__ volatile ("rep stosb" : "+D"(target), "+c"(n) : "a"(with) : "memory");
  return to;
}

COPIES void *memset (void *to_, int with, size_t n) {
  uint8_t *to = to_;
  if (n <= 16) {
    fill_16 (to, (uint8_t) with, n);
    return to;
  }
  if (n >= BY_STRING && has_fast_strings ()) return fill_string (to, with, n);
  __m128i piece = _mm_set1_epi8 ((char) with);
  if (n <= STEP) {
    size_t second = n > 32 ? 16 : 0; /* two pieces at each end */
    put (to, piece);
    put (to + second, piece);
    put (to + n - 16 - second, piece);
    put (to + n - 16, piece);
  } else {
    fill_steps (to, piece, n);
  }
  return to;
}
