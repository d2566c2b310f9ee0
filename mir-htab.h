/* Typed hash tables over a MIR_alloc_t.

   DEF_HTAB (T)   defines the type HTAB (T) and its functions; T is one token: int, size_t, node_t
   element        one T, with its key inside; copied as bytes and aligned like an element of VARR (T)
   hash, eq       the user's functions on elements; equal elements must have equal hashes
   bound type     a type whose hash and eq are fixed where it is defined and can be inlined:
                  DEF_HTAB_BOUND (T, HASH, EQ)
   position       the place of an element in the order of insertion
   hole           the position of a deleted element, until the next packing
   id             position + first_id, so that all positions can change while the ids stay
   index          maps a hash to the ids of the elements that have it
   span           the number of elements that an index is for
   tiny table     a table of few elements: no index, all hashes are compared at once

     els     [ hole | a | hole | b | c | free ... ]     insertion order, 1 = start, 5 = bound
     hashes  [ 0    | . | 0    | . | . | ...      ]     0: a hole
     index   [ group | group | group | group ]          one cache line each, found by the hash:
     group   [ 12 tags of 8 bits | 4 overflow counters | 12 ids ]

   A search compares the 12 tags of one group at once.  A full group counts the elements that had to
   go on to the next one, so a search knows where to stop, and deleting leaves no tombstones.
   Without SSE2 and NEON, or if MIR_HTAB_NO_SIMD is defined, the tags have 7 bits and are compared
   as words.

   Each operation hashes its element once and calls eq only for elements of the same hash; eq of a
   bound type may be called for any two elements.  The table keeps the hashes, so nothing else calls
   hash or eq.  Memory is proportional to the number of live elements, whatever was inserted and
   deleted before; nothing depends on addresses.  docs/containers.md has more.

   Failure: if memory runs out, or a table would have more than 2^31 elements, the table is left
   unchanged and MIR_HTAB_ERROR (message) is called, if that macro is defined where this header is
   first included; otherwise the message is printed and the program exits with status 1.  The hook
   may leave by longjmp, and so may the allocator.  If the hook returns, HTAB_DO returns FALSE and
   has had no effect: the result is not written, and the caller still owns the element.  Only
   HTAB_CREATE and HTAB_COPY can fail, and INSERT or REPLACE of an element that is not in the table
   when there is no hole to reuse.  A table that is created takes no other memory until its first
   element.  If the allocator leaves HTAB_COPY by longjmp, the copy is NULL or an empty table that
   the caller must destroy.

   Callbacks: all of them may use other tables and may FIND in their own table; the function of
   FOREACH_ELEM, like the body of EACH, may also DELETE from it.  free_func gets an element after it
   has left the table.

   Checks: passing a NULL table prints a line and aborts.  The checks are compiled in if
   HTAB_ENABLE_CHECKING is defined, which it is unless NDEBUG is; when they are off, their
   conditions are not evaluated.

   Threads: one thread at a time for each table; even FIND writes, to count collisions.  Lifetime:
   the allocator must outlive the table.

   Source-compatible with the MIR JIT (vnmakarov/mir): the macros, the types and the order of the
   actions are a contract; the fields of HTAB (T) are not.  */
#ifndef MIR_HTAB_H
#define MIR_HTAB_H

/* C's casts and NULL are none of a C++ program's business; our tests see the warnings.  */
#if defined(__cplusplus) && defined(__GNUC__) && !defined(MIR_ALLOC_WARNINGS)
#pragma GCC system_header
#endif

#include <stddef.h> /* size_t, NULL */
#include <stdint.h> /* SIZE_MAX, uint64_t, uintptr_t */
#include <stdio.h>  /* fprintf */
#include <stdlib.h> /* abort, exit */
#include <string.h> /* memset, memcpy, memmove */

#include "mir-alloc.h"
#include "mir-varr.h"

#if defined(__GNUC__) && defined(__SSE2__) && !defined(MIR_HTAB_NO_SIMD)
#define MIR_HTAB_SSE2_
#include <emmintrin.h>
#elif defined(__GNUC__) && defined(__aarch64__) && defined(__ARM_NEON) && defined(__AARCH64EL__) \
    && !defined(MIR_HTAB_NO_SIMD)
#define MIR_HTAB_NEON_
#include <arm_neon.h>
#else
#define MIR_HTAB_PLAIN_
#endif

#ifdef __cplusplus
extern "C" {
#endif

#ifndef FALSE
#define FALSE 0
#endif
#ifndef TRUE
#define TRUE 1
#endif

/*---------------- Internal: compilers and checks --------------*/

#if !defined(HTAB_ENABLE_CHECKING) && !defined(NDEBUG)
#define HTAB_ENABLE_CHECKING
#endif

/* File-local functions, without a warning if unused.
     SLOW    never inlined
     FAST    always inlined
     LARGE   left to the compiler; MIR's compiler inlines every inline function, so there LARGE is
             not inline
     SEARCH  FAST, or LARGE where the compiler cannot be told  */
#ifdef __GNUC__
#define MIR_HTAB_UNUSED __attribute__ ((unused))
#define MIR_HTAB_NO_RETURN __attribute__ ((noreturn))
#define MIR_HTAB_SLOW static __attribute__ ((unused, noinline))
#define MIR_HTAB_FAST static inline __attribute__ ((unused, always_inline))
#define MIR_HTAB_LARGE static inline __attribute__ ((unused))
#define MIR_HTAB_SEARCH MIR_HTAB_FAST
#define MIR_HTAB_UNLIKELY_(EXPR) __builtin_expect ((EXPR) != 0, 0)
#define MIR_HTAB_PREFETCH_(ADDR) __builtin_prefetch (ADDR, 1)
#else
#define MIR_HTAB_UNUSED
#define MIR_HTAB_NO_RETURN
#ifdef __MIRC__
#define MIR_HTAB_LARGE static
#else
#define MIR_HTAB_LARGE static inline
#endif
#define MIR_HTAB_SEARCH MIR_HTAB_LARGE
#define MIR_HTAB_SLOW MIR_HTAB_LARGE
#define MIR_HTAB_FAST static inline
#define MIR_HTAB_UNLIKELY_(EXPR) (EXPR)
#define MIR_HTAB_PREFETCH_(ADDR) ((void) 0)
#endif

#ifdef HTAB_ENABLE_CHECKING
MIR_HTAB_SLOW MIR_HTAB_NO_RETURN void mir_htab_assert_fail (const char *op, const char *type) {
  fprintf (stderr, "wrong %s for HTAB (%s)\n", op, type);
  abort ();
}
#define HTAB_ASSERT(EXPR, OP, T) ((EXPR) ? (void) 0 : mir_htab_assert_fail (OP, #T))
#else
#define HTAB_ASSERT(EXPR, OP, T) ((void) sizeof ((EXPR) ? 1 : 0))
#endif

#ifdef MIR_HTAB_ERROR
MIR_HTAB_SLOW void mir_htab_error (const char *message) {
  (void) message;
  MIR_HTAB_ERROR (message);
}
#else
MIR_HTAB_SLOW MIR_HTAB_NO_RETURN void mir_htab_error (const char *message) {
  fprintf (stderr, "%s\n", message);
  exit (1);
}
#endif

/* What INSERT and REPLACE do with the result after an error.  Without a hook there is no after, but
   compilers do not see that, and warn of a result that is not set.  */
#ifdef MIR_HTAB_ERROR
#define MIR_HTAB_LEAVE_(RES, EL) ((void) 0)
#else
#define MIR_HTAB_LEAVE_(RES, EL) ((void) (*(RES) = *(EL)))
#endif

/*---------------- Types ----------------------------------------*/

/* A position or an id; a number of elements; a hash.  */
typedef unsigned htab_ind_t;
typedef unsigned htab_size_t;
typedef unsigned htab_hash_t;

DEF_VARR (htab_ind_t)

/* What HTAB_DO does.  */
enum htab_action { HTAB_FIND, HTAB_INSERT, HTAB_REPLACE, HTAB_DELETE };

/*---------------- Internal: limits ----------------------------*/

#define MIR_HTAB_HOLE_HASH 0u            /* if the user's hash is 0, 1 is stored */
#define MIR_HTAB_TINY_HASHES 16          /* positions of a tiny table, at most */
#define MIR_HTAB_LINE 64                 /* bytes of a cache line */
#ifndef MIR_HTAB_LARGEST_SIZE            /* a test has less memory */
#define MIR_HTAB_LARGEST_SIZE (1u << 31) /* elements */
#endif

/*---------------- Internal: tables without their type ----------*/
/* A group of the index.  Tag 0 marks a free slot.  Counter kind % MIR_HTAB_OVERFLOWS is the number
   of elements of such kinds that went on to the next group because this one was full.  */
#define MIR_HTAB_SLOTS 12    /* of a group */
#define MIR_HTAB_OVERFLOWS 4 /* counters of a group */
#define MIR_HTAB_STUCK 255   /* a counter that has reached this value keeps it */

struct mir_htab_group_ {
#ifdef MIR_HTAB_PLAIN_
  uint32_t tags[MIR_HTAB_SLOTS / 4]; /* tag i from bit i % 4 * 8 of tags[i / 4] on */
#else
  unsigned char tags[MIR_HTAB_SLOTS];
#endif
  unsigned char overflows[MIR_HTAB_OVERFLOWS];
  htab_ind_t ids[MIR_HTAB_SLOTS];
};

/* What a tiny table has in place of an index; all 0 outside of [start, bound).  */
struct mir_htab_tiny_ {
  htab_hash_t hashes[MIR_HTAB_TINY_HASHES];
#ifdef MIR_HTAB_PLAIN_
  uint64_t tags[2]; /* of the hashes, tag i from bit i % 8 * 8 of tags[i / 8] on; 0: a hole */
#define MIR_HTAB_NO_HASHES_ {{0}, {0}}
#else
#define MIR_HTAB_NO_HASHES_ {{0}}
#endif
};

/* The table without its type.  els, index and hashes are one block, els first.  A tiny table has no
   index; a new one, and one that CLEAR has given all its memory back, has no block either: its size
   is 0.

   start <= bound <= limit <= size, and els_num <= bound - start.  The first and the last position
   in use are not holes.  */
struct mir_htab_ {
  htab_size_t els_num;      /* live elements */
  htab_size_t start, bound; /* the positions in use */
  htab_size_t limit;        /* bound == limit calls for more room: size, or less to shrink soon */
  htab_size_t size;         /* number of positions */
  htab_ind_t first_id;      /* the id of position 0; ids wrap around */
  size_t mask;              /* for offsets into the index, bytes */
  htab_size_t min_size;
  htab_size_t collisions;
  void *els;                     /* the block, NULL if there is none */
  struct mir_htab_group_ *index; /* NULL: the table is tiny */
  htab_hash_t *hashes;           /* if tiny, those of a struct mir_htab_tiny_; zeros that nobody
                                    writes if there is no block */
  MIR_alloc_t alloc;
  void *arg;
};

/* Spread all bits of HASH into the upper bits, so that a weak user hash is good enough.  The
   uppermost bits are the kind of the element; the bits from 32 on select its group.  */
static inline uint64_t mir_htab_mix_ (htab_hash_t hash) {
  return hash * (uint64_t) 0x9e3779b97f4a7c15u;
}

#ifdef MIR_HTAB_PLAIN_
#define MIR_HTAB_KIND_BITS 7 /* comparing bytes below 128 takes fewer instructions */
#else
#define MIR_HTAB_KIND_BITS 8
#endif

static inline unsigned mir_htab_kind_ (uint64_t mixed) {
  return (unsigned) (mixed >> (64 - MIR_HTAB_KIND_BITS));
}

static inline unsigned mir_htab_tag_ (unsigned kind) {
  return kind + (kind == 0);
}

/*---------------- Internal: sets of slots ----------------------*/
/* Three implementations, for SSE2, for NEON and by words, of sets of slots: mir_htab_slots_t_,
   where each slot is one bit and S & (S - 1) removes the first slot.  The rest of this file uses
   only these nine functions.  None of them allocates or fails.

   On one group of the index:
     first_slot_ (S)                  the first slot of the set S, which is not empty
     tagged_slots_ (GROUP, KIND)      the slots with the tag of KIND
     free_slots_ (GROUP)              the free slots
     set_slot_ (GROUP, SLOT, KIND)    give SLOT, which is free, the tag of KIND
     fill_slot_ (GROUP, SLOT, KIND)   the same in a group that is not searched soon
     clear_slot_ (GROUP, SLOT)        make SLOT free

   On the hashes of a tiny table, where slots are positions:
     tiny_slots_ (T, HASH)            the positions with HASH, which is not MIR_HTAB_HOLE_HASH; by
                                      words those with its tag, maybe more
     set_tiny_hash_ (T, POS, HASH)    store HASH at POS, which is a hole
     clear_tiny_hash_ (T, POS)        make POS a hole  */
#if defined(MIR_HTAB_SSE2_)
typedef unsigned mir_htab_slots_t_;

static inline unsigned mir_htab_first_slot_ (mir_htab_slots_t_ slots) {
  return (unsigned) __builtin_ctz (slots);
}

typedef __m128i mir_htab_vector_;

static inline mir_htab_vector_ mir_htab_load_ (const void *from) {
  return _mm_loadu_si128 ((const __m128i *) from);
}

static inline void mir_htab_store_ (void *to, mir_htab_vector_ v) {
  _mm_storeu_si128 ((__m128i *) to, v);
}

/* The tag of KIND in all bytes.  */
#define MIR_HTAB_WORD_(B) (B) * 0x01010101u
#define MIR_HTAB_4_(B) \
  MIR_HTAB_WORD_ (B), MIR_HTAB_WORD_ ((B) + 1), MIR_HTAB_WORD_ ((B) + 2), MIR_HTAB_WORD_ ((B) + 3)
#define MIR_HTAB_16_(B) \
  MIR_HTAB_4_ (B), MIR_HTAB_4_ ((B) + 4), MIR_HTAB_4_ ((B) + 8), MIR_HTAB_4_ ((B) + 12)
#define MIR_HTAB_64_(B) \
  MIR_HTAB_16_ (B), MIR_HTAB_16_ ((B) + 16), MIR_HTAB_16_ ((B) + 32), MIR_HTAB_16_ ((B) + 48)
static inline mir_htab_vector_ mir_htab_tag_vector_ (unsigned kind) {
  static const unsigned words[256] /* SSE2 can broadcast a word, but not a byte */
      = {MIR_HTAB_WORD_ (1), MIR_HTAB_WORD_ (1), MIR_HTAB_WORD_ (2), MIR_HTAB_WORD_ (3),
         MIR_HTAB_4_ (4),    MIR_HTAB_4_ (8),    MIR_HTAB_4_ (12),   MIR_HTAB_16_ (16),
         MIR_HTAB_16_ (32),  MIR_HTAB_16_ (48),  MIR_HTAB_64_ (64),  MIR_HTAB_64_ (128),
         MIR_HTAB_64_ (192)};
  return _mm_set1_epi32 ((int) words[kind]);
}

static inline mir_htab_vector_ mir_htab_hash_vector_ (htab_hash_t hash) {
  return _mm_set1_epi32 ((int) hash);
}

static inline mir_htab_slots_t_ mir_htab_equal_tags_ (const struct mir_htab_group_ *group,
                                                      mir_htab_vector_ tags) {
  mir_htab_vector_ all = _mm_load_si128 ((const __m128i *) (const void *) group);
  return (unsigned) _mm_movemask_epi8 (_mm_cmpeq_epi8 (all, tags)) & 0xfff;
}

static inline mir_htab_slots_t_ mir_htab_free_slots_ (const struct mir_htab_group_ *group) {
  return mir_htab_equal_tags_ (group, _mm_setzero_si128 ());
}

static inline mir_htab_slots_t_ mir_htab_tiny_slots_ (const struct mir_htab_ *t, htab_hash_t hash) {
  __m128i h = mir_htab_hash_vector_ (hash);
  __m128i a = _mm_cmpeq_epi32 (mir_htab_load_ (t->hashes), h);
  __m128i b = _mm_cmpeq_epi32 (mir_htab_load_ (t->hashes + 4), h);
  __m128i c = _mm_cmpeq_epi32 (mir_htab_load_ (t->hashes + 8), h);
  __m128i d = _mm_cmpeq_epi32 (mir_htab_load_ (t->hashes + 12), h);
  __m128i all = _mm_packs_epi16 (_mm_packs_epi32 (a, b), _mm_packs_epi32 (c, d));
  return (unsigned) _mm_movemask_epi8 (all);
}

/* A, with the bytes of B where MASK is 0xff and A is 0.  */
static inline mir_htab_vector_ mir_htab_put_ (mir_htab_vector_ a, mir_htab_vector_ mask,
                                              mir_htab_vector_ b) {
  return _mm_or_si128 (a, _mm_and_si128 (mask, b));
}

/* A, with 0 where MASK is 0xff.  */
static inline mir_htab_vector_ mir_htab_wipe_ (mir_htab_vector_ a, mir_htab_vector_ mask) {
  return _mm_andnot_si128 (mask, a);
}

/* Callers fill an element word by word, and compilers then copy it 16 bytes at a time to pass it by
   value.  Such a load cannot be forwarded from the stores of words: the processor waits until they
   are in the cache.  Hence rewrite SIZE bytes with stores of 16 bytes.  */
#define MIR_HTAB_REGROUPS_(T) (sizeof (T) > 16 && sizeof (T) <= 128)
MIR_HTAB_FAST void mir_htab_regroup_ (void *el, size_t size) {
  char *at = (char *) el, *bound = at + size / 16 * 16;
  for (; at < bound; at += 16) {
    __m128i low = _mm_loadl_epi64 ((const __m128i *) (void *) at);
    __m128i high = _mm_loadl_epi64 ((const __m128i *) (void *) (at + 8));
    mir_htab_store_ (at, _mm_unpacklo_epi64 (low, high));
  }
}

#elif defined(MIR_HTAB_NEON_)
typedef uint64_t mir_htab_slots_t_; /* slot i is bit 4 * i */

static inline unsigned mir_htab_first_slot_ (mir_htab_slots_t_ slots) {
  return (unsigned) __builtin_ctzll (slots) / 4;
}

typedef uint8x16_t mir_htab_vector_;

static inline mir_htab_vector_ mir_htab_load_ (const void *from) {
  return vld1q_u8 ((const unsigned char *) from);
}

static inline void mir_htab_store_ (void *to, mir_htab_vector_ v) {
  vst1q_u8 ((unsigned char *) to, v);
}

static inline mir_htab_slots_t_ mir_htab_slots_ (uint8x16_t mask) {
  uint8x8_t narrow = vshrn_n_u16 (vreinterpretq_u16_u8 (mask), 4);
  return vget_lane_u64 (vreinterpret_u64_u8 (narrow), 0) & 0x1111111111111111u;
}

static inline mir_htab_vector_ mir_htab_tag_vector_ (unsigned kind) {
  return vdupq_n_u8 ((unsigned char) mir_htab_tag_ (kind));
}

static inline mir_htab_vector_ mir_htab_hash_vector_ (htab_hash_t hash) {
  return vreinterpretq_u8_u32 (vdupq_n_u32 (hash));
}

static inline mir_htab_slots_t_ mir_htab_equal_tags_ (const struct mir_htab_group_ *group,
                                                      mir_htab_vector_ tags) {
  return mir_htab_slots_ (vceqq_u8 (mir_htab_load_ (group), tags)) & 0x0000ffffffffffffu;
}

static inline mir_htab_slots_t_ mir_htab_free_slots_ (const struct mir_htab_group_ *group) {
  return mir_htab_equal_tags_ (group, vdupq_n_u8 (0));
}

static inline mir_htab_slots_t_ mir_htab_tiny_slots_ (const struct mir_htab_ *t, htab_hash_t hash) {
  uint32x4_t h = vdupq_n_u32 (hash);
  uint16x4_t a = vmovn_u32 (vceqq_u32 (vld1q_u32 (t->hashes), h));
  uint16x4_t b = vmovn_u32 (vceqq_u32 (vld1q_u32 (t->hashes + 4), h));
  uint16x4_t c = vmovn_u32 (vceqq_u32 (vld1q_u32 (t->hashes + 8), h));
  uint16x4_t d = vmovn_u32 (vceqq_u32 (vld1q_u32 (t->hashes + 12), h));
  uint8x8_t low = vmovn_u16 (vcombine_u16 (a, b)), high = vmovn_u16 (vcombine_u16 (c, d));
  return mir_htab_slots_ (vcombine_u8 (low, high));
}

/* A, with the bytes of B where MASK is 0xff and A is 0.  */
static inline mir_htab_vector_ mir_htab_put_ (mir_htab_vector_ a, mir_htab_vector_ mask,
                                              mir_htab_vector_ b) {
  return vorrq_u8 (a, vandq_u8 (mask, b));
}

/* A, with 0 where MASK is 0xff.  */
static inline mir_htab_vector_ mir_htab_wipe_ (mir_htab_vector_ a, mir_htab_vector_ mask) {
  return vbicq_u8 (a, mask);
}

#else /* by words */
typedef uint64_t mir_htab_slots_t_; /* slot i is bit 8 * i for i < 8, else bit 8 * (i - 8) + 1 */

static inline unsigned mir_htab_first_slot_ (mir_htab_slots_t_ slots) {
#ifdef __GNUC__
  unsigned bit = (unsigned) __builtin_ctzll (slots);
  return bit / 8 + bit % 8 * 8;
#else /* the upper 4 bits of the product are different for each of the 16 slots */
  static const unsigned char first[] = {14, 2, 7, 10, 4, 15, 13, 0, 6, 12, 11, 5, 9, 3, 1, 8};
  return first[(slots & (0 - slots)) * 0x7ee11fd14fb1872fu >> 60];
#endif
}

#define MIR_HTAB_EACH_BYTE_ 0x0101010101010101u

/* Bit 7 of each byte of WORD that equals TAG, and no other bit; all bytes are below 128.  */
static inline uint64_t mir_htab_equal_bytes_ (uint64_t word, unsigned tag) {
  const uint64_t bits = 0x80 * MIR_HTAB_EACH_BYTE_;
  return (bits - (word ^ tag * MIR_HTAB_EACH_BYTE_)) & bits;
}

#endif

#ifndef MIR_HTAB_PLAIN_
/* Tags, and the hashes of a tiny table, are written 16 bytes at a time: a processor cannot forward
   a store of one byte to a load of 16.  */
/* A vector with 0xff in byte SLOT.  */
static inline mir_htab_vector_ mir_htab_slot_mask_ (unsigned slot) {
  static const uint64_t masks[MIR_HTAB_SLOTS][2] = {
      {0xffu, 0},         {0xff00u, 0},         {0xff0000u, 0},         {0xff000000u, 0},
      {0xff00000000u, 0}, {0xff0000000000u, 0}, {0xff000000000000u, 0}, {0xff00000000000000u, 0},
      {0, 0xffu},         {0, 0xff00u},         {0, 0xff0000u},         {0, 0xff000000u}};
  return mir_htab_load_ (masks[slot]);
}

/* A vector with 0xff in the four bytes of word I.  */
static inline mir_htab_vector_ mir_htab_word_mask_ (unsigned i) {
  static const uint64_t masks[4][2] = {
      {0xffffffffu, 0}, {0xffffffff00000000u, 0}, {0, 0xffffffffu}, {0, 0xffffffff00000000u}};
  return mir_htab_load_ (masks[i]);
}

static inline mir_htab_slots_t_ mir_htab_tagged_slots_ (const struct mir_htab_group_ *group,
                                                        unsigned kind) {
  return mir_htab_equal_tags_ (group, mir_htab_tag_vector_ (kind));
}

MIR_HTAB_FAST void mir_htab_set_slot_ (struct mir_htab_group_ *group, unsigned slot,
                                       unsigned kind) {
  mir_htab_vector_ old = mir_htab_load_ (group), mask = mir_htab_slot_mask_ (slot);
  mir_htab_store_ (group, mir_htab_put_ (old, mask, mir_htab_tag_vector_ (kind)));
}

MIR_HTAB_FAST void mir_htab_clear_slot_ (struct mir_htab_group_ *group, unsigned slot) {
  mir_htab_store_ (group, mir_htab_wipe_ (mir_htab_load_ (group), mir_htab_slot_mask_ (slot)));
}

static inline void mir_htab_fill_slot_ (struct mir_htab_group_ *group, unsigned slot,
                                        unsigned kind) {
  group->tags[slot] = (unsigned char) mir_htab_tag_ (kind);
}

static inline void mir_htab_set_tiny_hash_ (struct mir_htab_ *t, htab_size_t pos,
                                            htab_hash_t hash) {
  htab_hash_t *four = &t->hashes[pos & ~3u];
  mir_htab_vector_ old = mir_htab_load_ (four), mask = mir_htab_word_mask_ (pos % 4);
  mir_htab_store_ (four, mir_htab_put_ (old, mask, mir_htab_hash_vector_ (hash)));
}

static inline void mir_htab_clear_tiny_hash_ (struct mir_htab_ *t, htab_size_t pos) {
  htab_hash_t *four = &t->hashes[pos & ~3u];
  mir_htab_store_ (four, mir_htab_wipe_ (mir_htab_load_ (four), mir_htab_word_mask_ (pos % 4)));
}

#else
static inline mir_htab_slots_t_ mir_htab_equal_tags_ (const struct mir_htab_group_ *group,
                                                      unsigned tag) {
  uint64_t first = group->tags[0] | (uint64_t) group->tags[1] << 32;
  return mir_htab_equal_bytes_ (first, tag) >> 7 | mir_htab_equal_bytes_ (group->tags[2], tag) >> 6;
}

static inline mir_htab_slots_t_ mir_htab_tagged_slots_ (const struct mir_htab_group_ *group,
                                                        unsigned kind) {
  return mir_htab_equal_tags_ (group, mir_htab_tag_ (kind));
}

static inline mir_htab_slots_t_ mir_htab_free_slots_ (const struct mir_htab_group_ *group) {
  return mir_htab_equal_tags_ (group, 0) & ~(0x0202020200000000u);
}

static inline void mir_htab_set_slot_ (struct mir_htab_group_ *group, unsigned slot,
                                       unsigned kind) {
  group->tags[slot / 4] |= (uint32_t) mir_htab_tag_ (kind) << slot % 4 * 8;
}

static inline void mir_htab_fill_slot_ (struct mir_htab_group_ *group, unsigned slot,
                                        unsigned kind) {
  mir_htab_set_slot_ (group, slot, kind);
}

static inline void mir_htab_clear_slot_ (struct mir_htab_group_ *group, unsigned slot) {
  group->tags[slot / 4] &= ~((uint32_t) 0xff << slot % 4 * 8);
}

static inline mir_htab_slots_t_ mir_htab_tiny_slots_ (const struct mir_htab_ *t, htab_hash_t hash) {
  const struct mir_htab_tiny_ *tiny = (const struct mir_htab_tiny_ *) (const void *) t->hashes;
  unsigned tag = mir_htab_tag_ (mir_htab_kind_ (mir_htab_mix_ (hash)));
  return mir_htab_equal_bytes_ (tiny->tags[0], tag) >> 7
         | mir_htab_equal_bytes_ (tiny->tags[1], tag) >> 6;
}

static inline void mir_htab_set_tiny_hash_ (struct mir_htab_ *t, htab_size_t pos,
                                            htab_hash_t hash) {
  struct mir_htab_tiny_ *tiny = (struct mir_htab_tiny_ *) (void *) t->hashes;
  unsigned tag = mir_htab_tag_ (mir_htab_kind_ (mir_htab_mix_ (hash)));
  tiny->hashes[pos] = hash;
  tiny->tags[pos / 8] |= (uint64_t) tag << pos % 8 * 8;
}

static inline void mir_htab_clear_tiny_hash_ (struct mir_htab_ *t, htab_size_t pos) {
  struct mir_htab_tiny_ *tiny = (struct mir_htab_tiny_ *) (void *) t->hashes;
  tiny->hashes[pos] = MIR_HTAB_HOLE_HASH;
  tiny->tags[pos / 8] &= ~((uint64_t) 0xff << pos % 8 * 8);
}
#endif

#ifndef MIR_HTAB_REGROUPS_
#define MIR_HTAB_REGROUPS_(T) FALSE
static inline void mir_htab_regroup_ (void *el, size_t size) {
  (void) el, (void) size;
}
#endif

/*---------------- Internal: the index --------------------------*/
#define MIR_HTAB_SMALLEST_SPAN 36u /* elements of an index, at least */
#define MIR_HTAB_PER_GROUP 9u      /* elements of a group, on average */

/* The state of a search.  */
struct mir_htab_cursor_ {
  htab_size_t pos;              /* of the element that may be the one wanted */
  unsigned slot;                /* its slot */
  size_t home, place;           /* the offsets of the first group and of its own, bytes */
  mir_htab_slots_t_ candidates; /* slots not yet ruled out, including this one */
};

static inline struct mir_htab_group_ *mir_htab_group_at_ (const struct mir_htab_ *t, size_t place) {
  return (struct mir_htab_group_ *) (void *) ((char *) t->index + place);
}

/* The place of the group where a search begins.  */
static inline size_t mir_htab_home_ (const struct mir_htab_ *t, uint64_t mixed) {
  return (size_t) (mixed >> 26) & t->mask;
}

static inline size_t mir_htab_next_place_ (const struct mir_htab_ *t, size_t place) {
  return (place + sizeof (struct mir_htab_group_)) & t->mask;
}

static inline void mir_htab_prefetch_ (const struct mir_htab_ *t, htab_hash_t hash) {
  MIR_HTAB_PREFETCH_ (mir_htab_group_at_ (t, mir_htab_home_ (t, mir_htab_mix_ (hash))));
  (void) t, (void) hash;
}

/* Count that an element of KIND goes on from the group at PLACE; the place of the next group.  */
static inline size_t mir_htab_overflow_ (struct mir_htab_ *t, size_t place, unsigned kind) {
  unsigned char *count = &mir_htab_group_at_ (t, place)->overflows[kind % MIR_HTAB_OVERFLOWS];
  if (*count != MIR_HTAB_STUCK) ++*count;
  return mir_htab_next_place_ (t, place);
}

/* Add ID, whose search begins at PLACE, and whose hash is HASH.  */
MIR_HTAB_SEARCH void mir_htab_index_add_ (struct mir_htab_ *t, size_t place, htab_hash_t hash,
                                          htab_ind_t id) {
  unsigned slot, kind = mir_htab_kind_ (mir_htab_mix_ (hash));
  struct mir_htab_group_ *group;
  mir_htab_slots_t_ free_slots;
  for (;;) {
    group = mir_htab_group_at_ (t, place);
    free_slots = mir_htab_free_slots_ (group);
    if (!MIR_HTAB_UNLIKELY_ (free_slots == 0)) break;
    place = mir_htab_overflow_ (t, place, kind);
  }
  slot = mir_htab_first_slot_ (free_slots);
  mir_htab_set_slot_ (group, slot, kind);
  group->ids[slot] = id;
}

/* As index_add_, for an index to which ids above MIR_HTAB_SLOTS have been added since it was
   cleared, and from which nothing has been removed: groups fill from the front, and the last id of
   a group, while its slot is free, is the number of slots taken.  */
static inline void mir_htab_index_fill_ (struct mir_htab_ *t, htab_hash_t hash, htab_ind_t id) {
  uint64_t mixed = mir_htab_mix_ (hash);
  size_t place = mir_htab_home_ (t, mixed);
  unsigned slot, kind = mir_htab_kind_ (mixed);
  struct mir_htab_group_ *group;
  for (;;) {
    group = mir_htab_group_at_ (t, place);
    slot = group->ids[MIR_HTAB_SLOTS - 1];
    if (!MIR_HTAB_UNLIKELY_ (slot >= MIR_HTAB_SLOTS)) break;
    place = mir_htab_overflow_ (t, place, kind);
  }
  mir_htab_fill_slot_ (group, slot, kind);
  group->ids[MIR_HTAB_SLOTS - 1] = slot + 1;
  group->ids[slot] = id;
}

/* Undo mir_htab_overflow_ for an element that is removed at PLACE: it had gone on from HOME to
   there.  */
MIR_HTAB_SLOW void mir_htab_uncount_ (struct mir_htab_ *t, size_t home, size_t place,
                                      unsigned kind) {
  for (; home != place; home = mir_htab_next_place_ (t, home)) {
    unsigned char *count = &mir_htab_group_at_ (t, home)->overflows[kind % MIR_HTAB_OVERFLOWS];
    if (*count != MIR_HTAB_STUCK) --*count;
  }
}

MIR_HTAB_FAST void mir_htab_index_remove_ (struct mir_htab_ *t, htab_hash_t hash,
                                           const struct mir_htab_cursor_ *c) {
  mir_htab_clear_slot_ (mir_htab_group_at_ (t, c->place), c->slot);
  if (MIR_HTAB_UNLIKELY_ (c->home != c->place))
    mir_htab_uncount_ (t, c->home, c->place, mir_htab_kind_ (mir_htab_mix_ (hash)));
}

/* Go to the first candidate.  */
MIR_HTAB_FAST void mir_htab_settle_ (const struct mir_htab_ *t, struct mir_htab_cursor_ *c) {
  c->slot = mir_htab_first_slot_ (c->candidates);
  c->pos = mir_htab_group_at_ (t, c->place)->ids[c->slot] - t->first_id;
}

/* Results of mir_htab_first_.  */
enum { MIR_HTAB_NOWHERE, MIR_HTAB_HERE, MIR_HTAB_FURTHER };

/* Look in the home group for elements with the tag of HASH.  HERE: C is at one.  FURTHER: none is
   in this group, but elements went on to the next one.  NOWHERE: the table has none.  */
MIR_HTAB_FAST int mir_htab_first_ (const struct mir_htab_ *t, htab_hash_t hash,
                                   struct mir_htab_cursor_ *c) {
  uint64_t mixed = mir_htab_mix_ (hash);
  unsigned kind = mir_htab_kind_ (mixed);
  const struct mir_htab_group_ *group;
  c->pos = c->slot = 0;
  c->home = c->place = mir_htab_home_ (t, mixed);
  group = mir_htab_group_at_ (t, c->place);
  c->candidates = mir_htab_tagged_slots_ (group, kind);
  if (c->candidates == 0)
    return group->overflows[kind % MIR_HTAB_OVERFLOWS] == 0 ? MIR_HTAB_NOWHERE : MIR_HTAB_FURTHER;
  mir_htab_settle_ (t, c);
  return MIR_HTAB_HERE;
}

/* Go to the next element with the same tag; FALSE if there is none.  */
MIR_HTAB_LARGE int mir_htab_next_ (struct mir_htab_ *t, htab_hash_t hash,
                                   struct mir_htab_cursor_ *c) {
  unsigned kind = mir_htab_kind_ (mir_htab_mix_ (hash));
  if (c->candidates != 0) {
    t->collisions++;
    c->candidates &= c->candidates - 1;
  }
  while (c->candidates == 0) {
    if (mir_htab_group_at_ (t, c->place)->overflows[kind % MIR_HTAB_OVERFLOWS] == 0) return FALSE;
    t->collisions++;
    c->place = mir_htab_next_place_ (t, c->place);
    c->candidates = mir_htab_tagged_slots_ (mir_htab_group_at_ (t, c->place), kind);
  }
  mir_htab_settle_ (t, c);
  return TRUE;
}

MIR_HTAB_FAST int mir_htab_first_tiny_ (const struct mir_htab_ *t, htab_hash_t hash,
                                        struct mir_htab_cursor_ *c) {
  c->pos = c->slot = 0;
  c->home = c->place = 0;
  c->candidates = mir_htab_tiny_slots_ (t, hash);
  if (c->candidates == 0) return FALSE;
  c->pos = mir_htab_first_slot_ (c->candidates);
  return TRUE;
}

MIR_HTAB_FAST int mir_htab_next_tiny_ (struct mir_htab_ *t, struct mir_htab_cursor_ *c) {
  t->collisions++;
  c->candidates &= c->candidates - 1;
  if (c->candidates == 0) return FALSE;
  c->pos = mir_htab_first_slot_ (c->candidates);
  return TRUE;
}

#define MIR_HTAB_SAME_HASH_(T, HASH, POS) ((T)->hashes[POS] == (HASH))

/*---------------- Internal: elements without their type --------*/
/* Copy the elements at the positions [START, BOUND) that are not holes according to HASHES; TO may
   be FROM.  The last position is not a hole.  */
typedef void mir_htab_pack_t (void *to, const void *from, const htab_hash_t *hashes,
                              htab_size_t start, htab_size_t bound);

/* What the untyped functions need to know about the element type to make room.  */
struct mir_htab_type_ {
  size_t el_size;
  htab_size_t tiny_size; /* positions of a tiny table */
  mir_htab_pack_t *pack;
};

static inline void mir_htab_pack_hashes_ (htab_hash_t *to, const htab_hash_t *from,
                                          htab_size_t start, htab_size_t bound) {
  htab_size_t i, n = 0;
  for (i = start; i < bound; i++) {
    to[n] = from[i];
    n += from[i] != MIR_HTAB_HOLE_HASH;
  }
}

/* How many elements the index of T is for; 0 if it has none.  */
static inline htab_size_t mir_htab_span_ (const struct mir_htab_ *t) {
  if (t->index == NULL) return 0;
  return (htab_size_t) (t->mask / sizeof (struct mir_htab_group_) + 1) * MIR_HTAB_PER_GROUP;
}

/* The span of an index for twice ELS_NUM elements, at least MIN_SIZE.  0 if not even one more
   element is possible.  */
static inline htab_size_t mir_htab_new_span_ (htab_size_t els_num, htab_size_t min_size) {
  uint64_t span = MIR_HTAB_SMALLEST_SPAN, wanted = 2 * (uint64_t) els_num;
  if (els_num >= MIR_HTAB_LARGEST_SIZE) return 0;
  if (wanted > MIR_HTAB_LARGEST_SIZE) wanted = MIR_HTAB_LARGEST_SIZE;
  if (wanted < min_size) wanted = min_size;
  while (span < wanted) span *= 2;
  return (htab_size_t) span;
}

/* Make T an empty table without a block.  */
static inline void mir_htab_begin_ (struct mir_htab_ *t) {
  static const struct mir_htab_tiny_ none = MIR_HTAB_NO_HASHES_;
  t->els_num = t->start = t->bound = t->limit = t->size = t->first_id = 0;
  t->mask = 0;
  t->els = NULL;
  t->index = NULL;
  t->hashes = (htab_hash_t *) (uintptr_t) none.hashes;
}

/* Give T a new block for a tiny table of SIZE positions, without elements.  FALSE on failure, with
   T unchanged.  */
MIR_HTAB_LARGE int mir_htab_make_tiny_ (struct mir_htab_ *t, htab_size_t size, size_t el_size) {
  size_t place = (size * el_size + 7) & ~(size_t) 7;
  char *block = NULL;
  if (el_size <= SIZE_MAX / 64)
    block = (char *) MIR_malloc (t->alloc, place + sizeof (struct mir_htab_tiny_));
  if (block == NULL) return FALSE;
  t->els_num = t->start = t->bound = 0;
  t->limit = t->size = size;
  t->els = block;
  t->index = NULL;
  t->hashes = (htab_hash_t *) (void *) (block + place);
  memset (t->hashes, 0, sizeof (struct mir_htab_tiny_));
  return TRUE;
}

/* Give T a new block with an index for SPAN elements, which is not set.  FALSE on failure, with T
   unchanged.  */
MIR_HTAB_LARGE int mir_htab_make_indexed_ (struct mir_htab_ *t, htab_size_t span, size_t el_size) {
  htab_size_t size = span < MIR_HTAB_LARGEST_SIZE ? span : MIR_HTAB_LARGEST_SIZE;
  uint64_t index_bytes = (uint64_t) (span / MIR_HTAB_PER_GROUP) * sizeof (struct mir_htab_group_);
  uint64_t unit = el_size + sizeof (htab_hash_t), fixed = index_bytes + MIR_HTAB_LINE;
  size_t place;
  char *block;
  if (fixed > SIZE_MAX / 2 || size > (SIZE_MAX / 2 - fixed) / unit) return FALSE;
  block = (char *) MIR_malloc (t->alloc, (size_t) (size * unit + fixed));
  if (block == NULL) return FALSE;
  place = size * el_size;
  place += -((size_t) (uintptr_t) block + place) % MIR_HTAB_LINE;
  t->limit = t->size = size;
  t->els = block;
  t->index = (struct mir_htab_group_ *) (void *) (block + place);
  t->hashes = (htab_hash_t *) (void *) (block + place + (size_t) index_bytes);
  t->mask = (size_t) index_bytes - sizeof (struct mir_htab_group_);
  return TRUE;
}

/* The elements of T are at [0, ELS_NUM), without holes, and nothing else is in use: make the rest
   of T fit, and put all elements into the index, if there is one.  */
MIR_HTAB_LARGE void mir_htab_fill_ (struct mir_htab_ *t, htab_size_t els_num) {
  enum { AHEAD = 12 };
  const htab_hash_t *hashes = t->hashes;
  htab_size_t i;
  t->els_num = t->bound = els_num;
  t->start = 0;
  t->limit = t->size;
  t->first_id = MIR_HTAB_SLOTS + 1; /* as index_fill_ wants it */
  if (t->index == NULL) {
    for (i = 0; i < MIR_HTAB_TINY_HASHES; i++) {
      htab_hash_t hash = hashes[i];
      mir_htab_clear_tiny_hash_ (t, i);
      if (i < els_num) mir_htab_set_tiny_hash_ (t, i, hash);
    }
    return;
  }
  memset (t->index, 0, t->mask + sizeof (struct mir_htab_group_));
  for (i = 0; i < els_num; i++) {
    if (i + AHEAD < els_num) mir_htab_prefetch_ (t, hashes[i + AHEAD]);
    mir_htab_index_fill_ (t, hashes[i], i + t->first_id);
  }
}

/* Move all elements and holes of T, which has an index, down to position 0; no id changes.  */
MIR_HTAB_LARGE void mir_htab_slide_ (struct mir_htab_ *t, size_t el_size) {
  size_t n = t->bound - t->start;
  memmove (t->els, (char *) t->els + t->start * el_size, n * el_size);
  memmove (t->hashes, t->hashes + t->start, n * sizeof (htab_hash_t));
  t->first_id += t->start;
  t->bound = (htab_size_t) n;
  t->start = 0;
  t->limit = t->size;
}

/* Close the holes in place.  */
MIR_HTAB_LARGE void mir_htab_pack_ (struct mir_htab_ *t, const struct mir_htab_type_ *type) {
  if (t->els_num == t->bound - t->start && t->index != NULL) {
    mir_htab_slide_ (t, type->el_size);
    return;
  }
  type->pack (t->els, t->els, t->hashes, t->start, t->bound);
  mir_htab_pack_hashes_ (t->hashes, t->hashes, t->start, t->bound);
  mir_htab_fill_ (t, t->els_num);
}

/* Make TO, which is new, a table with what FROM has, holes included.  FALSE on failure, with TO
   unchanged.  */
MIR_HTAB_LARGE int mir_htab_duplicate_ (struct mir_htab_ *to, const struct mir_htab_ *from,
                                        size_t el_size) {
  size_t start = from->start, n = from->bound - from->start;
  if (n == 0) return TRUE;
  if (from->index == NULL) {
    if (!mir_htab_make_tiny_ (to, from->size, el_size)) return FALSE;
    memcpy (to->hashes, from->hashes, sizeof (struct mir_htab_tiny_));
  } else {
    if (!mir_htab_make_indexed_ (to, mir_htab_span_ (from), el_size)) return FALSE;
    memcpy (to->index, from->index, from->mask + sizeof (struct mir_htab_group_));
    memcpy (to->hashes + start, from->hashes + start, n * sizeof (htab_hash_t));
  }
  memcpy ((char *) to->els + start * el_size, (char *) from->els + start * el_size, n * el_size);
  to->els_num = from->els_num;
  to->start = from->start;
  to->bound = from->bound;
  to->first_id = from->first_id;
  return TRUE;
}

/* Move T to a new block: a tiny one, if SPAN is 0, or one with another index.  FALSE on failure,
   with T unchanged.  */
MIR_HTAB_LARGE int mir_htab_rebuild_ (struct mir_htab_ *t, htab_size_t span,
                                      const struct mir_htab_type_ *type) {
  struct mir_htab_ old = *t;
  if (span == 0) {
    if (!mir_htab_make_tiny_ (t, type->tiny_size, type->el_size)) return FALSE;
  } else if (!mir_htab_make_indexed_ (t, span, type->el_size)) {
    return FALSE;
  }
  type->pack (t->els, old.els, old.hashes, old.start, old.bound);
  mir_htab_pack_hashes_ (t->hashes, old.hashes, old.start, old.bound);
  mir_htab_fill_ (t, old.els_num);
  MIR_free (t->alloc, old.els);
  return TRUE;
}

/* What to do when the end of the positions is reached; docs/containers.md has the table.  */
enum mir_htab_way_ {
  MIR_HTAB_USE_ALL, /* the limit was lower than the size */
  MIR_HTAB_SLIDE,
  MIR_HTAB_PACK,
  MIR_HTAB_REBUILD
};

static inline enum mir_htab_way_ mir_htab_way_ (const struct mir_htab_ *t, htab_size_t new_span) {
  htab_size_t n = t->els_num, span = mir_htab_span_ (t);
  if (t->index == NULL) return n <= t->size / 4 * 3 ? MIR_HTAB_PACK : MIR_HTAB_REBUILD;
  if (n < span / 8 && new_span < span) return MIR_HTAB_REBUILD;
  if (n >= t->limit / 2 && t->limit < t->size) return MIR_HTAB_USE_ALL;
  if (t->start >= t->size / 4) return MIR_HTAB_SLIDE;
  return new_span <= span ? MIR_HTAB_PACK : MIR_HTAB_REBUILD;
}

/* Make room for at least one more element after the last one of T, which has a block; FALSE on
   failure, with the table unchanged.  */
MIR_HTAB_SLOW int mir_htab_make_room_ (struct mir_htab_ *t, const struct mir_htab_type_ *type) {
  htab_size_t n = t->els_num, span = mir_htab_new_span_ (n, t->min_size), tiny = type->tiny_size;
  int done = FALSE;
  if (span == 0) {
    mir_htab_error ("htab: too many elements");
    return FALSE;
  }
  switch (mir_htab_way_ (t, span)) {
    case MIR_HTAB_USE_ALL:
      t->limit = t->size;
      return TRUE;
    case MIR_HTAB_SLIDE:
      mir_htab_slide_ (t, type->el_size);
      return TRUE;
    case MIR_HTAB_REBUILD:
      if (t->index != NULL && n <= tiny / 2 && t->min_size <= tiny) span = 0;
      done = mir_htab_rebuild_ (t, span, type);
      break;
    default: /* PACK */
      break;
  }
  if (!done && n == t->bound && t->limit == t->size) {
    mir_htab_error ("htab: no memory");
    return FALSE;
  }
  if (!done) mir_htab_pack_ (t, type);
  return TRUE;
}

/* Append an element with HASH, whose search begins at PLACE, and for which there must be room; its
   position.  */
MIR_HTAB_FAST htab_size_t mir_htab_append_ (struct mir_htab_ *t, size_t place, htab_hash_t hash) {
  htab_size_t pos = t->bound;
  if (t->index == NULL) {
    mir_htab_set_tiny_hash_ (t, pos, hash);
  } else {
    mir_htab_index_add_ (t, place, hash, pos + t->first_id);
    t->hashes[pos] = hash;
  }
  t->bound = pos + 1;
  t->els_num++;
  return pos;
}

/* The element at POS, the first or the last one, was removed: trim the holes at that end.  A table
   that becomes empty starts again at position 0, with a lower limit, so that it soon checks whether
   it still needs its size.  */
MIR_HTAB_SLOW void mir_htab_trim_ (struct mir_htab_ *t, htab_size_t pos) {
  const htab_hash_t *hashes = t->hashes;
  if (t->els_num == 0) {
    t->start = t->bound = 0;
    if (t->size >= 8 * MIR_HTAB_TINY_HASHES) t->limit = t->size / 8;
  } else if (pos + 1 == t->bound) {
    while (hashes[pos - 1] == MIR_HTAB_HOLE_HASH) pos--;
    t->bound = pos;
  } else {
    while (hashes[++pos] == MIR_HTAB_HOLE_HASH) {
    }
    t->start = pos;
  }
}

/* Remove the element with HASH at C: it becomes a hole, which at either end is trimmed.  */
MIR_HTAB_SEARCH void mir_htab_remove_ (struct mir_htab_ *t, htab_hash_t hash,
                                       const struct mir_htab_cursor_ *c) {
  htab_size_t pos = c->pos;
  if (t->index == NULL) {
    mir_htab_clear_tiny_hash_ (t, pos);
  } else {
    t->hashes[pos] = MIR_HTAB_HOLE_HASH;
    mir_htab_index_remove_ (t, hash, c);
  }
  t->els_num--;
  if (pos + 1 == t->bound && pos > t->start && t->hashes[pos - 1] != MIR_HTAB_HOLE_HASH)
    t->bound = pos; /* what a scope that ends does for each of its names */
  else if (MIR_HTAB_UNLIKELY_ (pos == t->start || pos + 1 == t->bound))
    mir_htab_trim_ (t, pos);
}

/* What a table had before it was made empty.  */
struct mir_htab_left_ {
  struct mir_htab_ t; /* as it was; its elements stay in their block until BLOCK is freed */
  void *block;        /* to free with MIR_free, or NULL */
  struct mir_htab_tiny_ tiny;
};

/* Make T empty and set LEFT to what it had.  Its block is kept for the next elements unless it held
   far fewer than fit; then it is LEFT's.  */
MIR_HTAB_LARGE void mir_htab_empty_ (struct mir_htab_ *t, struct mir_htab_left_ *left) {
  htab_size_t least = mir_htab_span_ (t) / 8;
  left->t = *t;
  left->block = NULL;
  if (t->bound < least && t->min_size < least) {
    left->block = t->els;
    mir_htab_begin_ (t);
  } else if (t->bound != 0 && t->index == NULL) {
    memcpy (&left->tiny, t->hashes, sizeof (left->tiny));
    left->t.hashes = left->tiny.hashes;
    memset (t->hashes, 0, sizeof (left->tiny));
    t->els_num = t->start = t->bound = 0;
  } else if (t->bound != 0 || t->limit != t->size) {
    mir_htab_fill_ (t, 0);
  }
}

/* A new table for a structure of SIZE bytes that begins with a struct mir_htab_ and whose other
   members the caller sets; NULL on failure.  */
MIR_HTAB_LARGE void *mir_htab_new_ (MIR_alloc_t alloc, size_t size, htab_size_t min_size,
                                    void *arg) {
  struct mir_htab_ *t;
  if (min_size > MIR_HTAB_LARGEST_SIZE) {
    mir_htab_error ("htab: too many elements");
    return NULL;
  }
  t = (struct mir_htab_ *) MIR_malloc (alloc, size);
  if (t == NULL) {
    mir_htab_error ("htab: no memory");
    return NULL;
  }
  mir_htab_begin_ (t);
  t->min_size = min_size;
  t->collisions = 0;
  t->alloc = alloc;
  t->arg = arg;
  return t;
}

/* Free T, of which no element is left to free.  */
MIR_HTAB_LARGE void mir_htab_free_ (struct mir_htab_ *t) {
  MIR_alloc_t alloc = t->alloc;
  void *block = t->els;
  if (block != NULL) MIR_free (alloc, block);
  MIR_free (alloc, t);
}

/*---------------- Internal: the parts of DEF_HTAB --------------*/
#define HTAB_OP(T, OP) HTAB_##T##_##OP
#define HTAB_OP_DEF(T, OP) MIR_HTAB_UNUSED HTAB_OP (T, OP)

/* Positions of a tiny table: fewer for large elements.  */
#define MIR_HTAB_TINY_(T) (sizeof (T) <= 32 ? MIR_HTAB_TINY_HASHES : sizeof (T) <= 128 ? 8 : 4)

#define MIR_HTAB_TYPE_(T, CALLBACKS)     \
  typedef struct HTAB (T) HTAB (T);      \
  struct HTAB (T) {                      \
    struct mir_htab_ t;                  \
    void (*free_func) (T el, void *arg); \
    CALLBACKS                            \
  };

/* All functions except create, in terms of HTAB_OP (T, hash) and HTAB_OP (T, eq).  If MAY_BE (T,
   HASH, POS) is false, the element at POS cannot be the one with HASH, and eq is not called.  */
#define MIR_HTAB_FUNCS_(T, MAY_BE)                                                                 \
  MIR_HTAB_LARGE void HTAB_OP (T, pack) (void *to, const void *from, const htab_hash_t *hashes,    \
                                         htab_size_t start, htab_size_t bound) {                   \
    T *to_els = (T *) to;                                                                          \
    const T *els = (const T *) from;                                                               \
    htab_size_t i, n = 0;                                                                          \
    for (i = start; i < bound; i++)                                                                \
      if (sizeof (T) <= 16 || hashes[i] != MIR_HTAB_HOLE_HASH) {                                   \
        to_els[n] = els[i];                                                                        \
        n += hashes[i] != MIR_HTAB_HOLE_HASH;                                                      \
      }                                                                                            \
  }                                                                                                \
                                                                                                   \
  MIR_HTAB_LARGE void HTAB_OP (T, clear) (HTAB (T) *htab) {                                        \
    struct mir_htab_left_ left;                                                                    \
    htab_size_t i;                                                                                 \
    HTAB_ASSERT (htab != NULL, "clear", T);                                                        \
    mir_htab_empty_ (&htab->t, &left);                                                             \
    if (htab->free_func != NULL)                                                                   \
      for (i = left.t.start; i < left.t.bound; i++)                                                \
        if (left.t.hashes[i] != MIR_HTAB_HOLE_HASH)                                                \
          htab->free_func (((T *) left.t.els)[i], left.t.arg);                                     \
    if (left.block != NULL) MIR_free (left.t.alloc, left.block);                                   \
  }                                                                                                \
                                                                                                   \
  MIR_HTAB_LARGE void HTAB_OP (T, destroy) (HTAB (T) * * htab) {                                   \
    HTAB (T) *ht = *htab;                                                                          \
    HTAB_ASSERT (ht != NULL, "destroy", T);                                                        \
    if (ht->free_func != NULL) HTAB_OP (T, clear) (ht);                                            \
    *htab = NULL;                                                                                  \
    mir_htab_free_ (&ht->t);                                                                       \
  }                                                                                                \
                                                                                                   \
  MIR_HTAB_LARGE void HTAB_OP (T, copy) (HTAB (T) * * htab, MIR_alloc_t alloc,                     \
                                         const HTAB (T) *from,                                     \
                                         void (*free_func) (T el, void *arg), void *arg) {         \
    HTAB (T) *ht;                                                                                  \
    HTAB_ASSERT (from != NULL, "copy", T);                                                         \
    *htab = NULL;                                                                                  \
    ht = (HTAB (T) *) mir_htab_new_ (alloc, sizeof (HTAB (T)), from->t.min_size, arg);             \
    if (ht == NULL) return;                                                                        \
    memcpy ((char *) ht + sizeof (ht->t), (const char *) from + sizeof (ht->t),                    \
            sizeof (*ht) - sizeof (ht->t)); /* the functions */                                    \
    ht->free_func = free_func;                                                                     \
    *htab = ht;                                                                                    \
    if (mir_htab_duplicate_ (&ht->t, &from->t, sizeof (T))) return;                                \
    *htab = NULL;                                                                                  \
    mir_htab_free_ (&ht->t);                                                                       \
    mir_htab_error ("htab: no memory");                                                            \
  }                                                                                                \
                                                                                                   \
  /* Continue a search whose first candidate, at C, is not the element wanted.  */                 \
  MIR_HTAB_SLOW int HTAB_OP (T, search_on) (HTAB (T) *htab, T el, htab_hash_t hash,                \
                                            struct mir_htab_cursor_ * c) {                         \
    struct mir_htab_ *t = &htab->t;                                                                \
    if (t->index == NULL) {                                                                        \
      while (mir_htab_next_tiny_ (t, c))                                                           \
        if (MAY_BE (t, hash, c->pos) && HTAB_OP (T, eq) (htab, &((T *) t->els)[c->pos], &el))      \
          return TRUE;                                                                             \
    } else {                                                                                       \
      while (mir_htab_next_ (t, hash, c))                                                          \
        if (MAY_BE (t, hash, c->pos) && HTAB_OP (T, eq) (htab, &((T *) t->els)[c->pos], &el))      \
          return TRUE;                                                                             \
    }                                                                                              \
    return FALSE;                                                                                  \
  }                                                                                                \
                                                                                                   \
  /* TRUE if the table has an element equal to EL, whose hash is HASH; C is then at it.  The     \
     rare rest is a call with copies of EL and C, so that both may stay in registers here.  */ \
  MIR_HTAB_SEARCH int HTAB_OP (T, search) (HTAB (T) *htab, const T *el, htab_hash_t hash,          \
                                           struct mir_htab_cursor_ *c) {                           \
    struct mir_htab_ *t = &htab->t;                                                                \
    struct mir_htab_cursor_ next;                                                                  \
    int found;                                                                                     \
    if (t->index == NULL) {                                                                        \
      if (!mir_htab_first_tiny_ (t, hash, c)) return FALSE;                                        \
      if (MAY_BE (t, hash, c->pos) && HTAB_OP (T, eq) (htab, &((T *) t->els)[c->pos], el))         \
        return TRUE;                                                                               \
    } else {                                                                                       \
      found = mir_htab_first_ (t, hash, c);                                                        \
      if (found == MIR_HTAB_NOWHERE) return FALSE;                                                 \
      if (found == MIR_HTAB_HERE && MAY_BE (t, hash, c->pos)                                       \
          && HTAB_OP (T, eq) (htab, &((T *) t->els)[c->pos], el))                                  \
        return TRUE;                                                                               \
    }                                                                                              \
    next = *c;                                                                                     \
    if (!HTAB_OP (T, search_on) (htab, *el, hash, &next)) return FALSE;                            \
    *c = next;                                                                                     \
    return TRUE;                                                                                   \
  }                                                                                                \
                                                                                                   \
  MIR_HTAB_SLOW int HTAB_OP (T, make_room) (HTAB (T) *htab) {                                      \
    const struct mir_htab_type_ type = {sizeof (T), MIR_HTAB_TINY_ (T), HTAB_OP (T, pack)};        \
    if (htab->t.size != 0) return mir_htab_make_room_ (&htab->t, &type);                           \
    if (mir_htab_make_tiny_ (&htab->t, type.tiny_size, sizeof (T))) return TRUE;                   \
    mir_htab_error ("htab: no memory");                                                            \
    return FALSE;                                                                                  \
  }                                                                                                \
                                                                                                   \
  /* Append EL, which must not be in the table, and set *RES.  Always FALSE, as HTAB_DO returns  \
     then; on failure nothing has changed.  */ \
  MIR_HTAB_LARGE int HTAB_OP (T, append) (HTAB (T) *htab, T * el, htab_hash_t hash, size_t place,  \
                                          T *res) {                                                \
    htab_size_t pos;                                                                               \
    if (MIR_HTAB_UNLIKELY_ (htab->t.bound == htab->t.limit)) {                                     \
      if (!HTAB_OP (T, make_room) (htab)) {                                                        \
        MIR_HTAB_LEAVE_ (res, el);                                                                 \
        return FALSE;                                                                              \
      }                                                                                            \
      place = mir_htab_home_ (&htab->t, mir_htab_mix_ (hash));                                     \
    }                                                                                              \
    pos = mir_htab_append_ (&htab->t, place, hash);                                                \
    ((T *) htab->t.els)[pos] = *el;                                                                \
    *res = *el;                                                                                    \
    return FALSE;                                                                                  \
  }                                                                                                \
                                                                                                   \
  MIR_HTAB_LARGE int HTAB_OP (T, find) (HTAB (T) *htab, T el, T * res) {                           \
    struct mir_htab_cursor_ c;                                                                     \
    htab_hash_t hash = HTAB_OP (T, hash) (htab, &el);                                              \
    if (!HTAB_OP (T, search) (htab, &el, hash, &c)) return FALSE;                                  \
    *res = ((T *) htab->t.els)[c.pos];                                                             \
    return TRUE;                                                                                   \
  }                                                                                                \
                                                                                                   \
  MIR_HTAB_LARGE int HTAB_OP (T, insert) (HTAB (T) *htab, T el, T * res) {                         \
    struct mir_htab_cursor_ c;                                                                     \
    htab_hash_t hash = HTAB_OP (T, hash) (htab, &el);                                              \
    if (!HTAB_OP (T, search) (htab, &el, hash, &c))                                                \
      return HTAB_OP (T, append) (htab, &el, hash, c.home, res);                                   \
    *res = ((T *) htab->t.els)[c.pos];                                                             \
    return TRUE;                                                                                   \
  }                                                                                                \
                                                                                                   \
  MIR_HTAB_LARGE int HTAB_OP (T, replace) (HTAB (T) *htab, T el, T * res) {                        \
    struct mir_htab_cursor_ c;                                                                     \
    htab_hash_t hash = HTAB_OP (T, hash) (htab, &el);                                              \
    if (!HTAB_OP (T, search) (htab, &el, hash, &c)) {                                              \
      return HTAB_OP (T, append) (htab, &el, hash, c.home, res);                                   \
    } else {                                                                                       \
      T old = ((T *) htab->t.els)[c.pos];                                                          \
      *res = ((T *) htab->t.els)[c.pos] = el;                                                      \
      if (htab->free_func != NULL) htab->free_func (old, htab->t.arg);                             \
      return TRUE;                                                                                 \
    }                                                                                              \
  }                                                                                                \
                                                                                                   \
  MIR_HTAB_LARGE int HTAB_OP (T, delete) (HTAB (T) *htab, T el) {                                  \
    struct mir_htab_cursor_ c;                                                                     \
    htab_hash_t hash = HTAB_OP (T, hash) (htab, &el);                                              \
    if (!HTAB_OP (T, search) (htab, &el, hash, &c)) return FALSE;                                  \
    mir_htab_remove_ (&htab->t, hash, &c);                                                         \
    if (htab->free_func != NULL) htab->free_func (((T *) htab->t.els)[c.pos], htab->t.arg);        \
    return TRUE;                                                                                   \
  }                                                                                                \
                                                                                                   \
  /* The action is a constant at the call, so that one direct call remains of this switch.  */     \
  MIR_HTAB_FAST int HTAB_OP (T, do) (HTAB (T) *htab, T el, enum htab_action action, T * res) {     \
    HTAB_ASSERT (htab != NULL, "do", T);                                                           \
    if (MIR_HTAB_REGROUPS_ (T)) mir_htab_regroup_ (&el, sizeof (T));                               \
    switch (action) {                                                                              \
      case HTAB_FIND:                                                                              \
        return HTAB_OP (T, find) (htab, el, res);                                                  \
      case HTAB_INSERT:                                                                            \
        return HTAB_OP (T, insert) (htab, el, res);                                                \
      case HTAB_REPLACE:                                                                           \
        return HTAB_OP (T, replace) (htab, el, res);                                               \
      default:                                                                                     \
        return HTAB_OP (T, delete) (htab, el);                                                     \
    }                                                                                              \
  }                                                                                                \
                                                                                                   \
  static inline htab_size_t HTAB_OP_DEF (T, els_num) (HTAB (T) *htab) {                            \
    HTAB_ASSERT (htab != NULL, "els_num", T);                                                      \
    return htab->t.els_num;                                                                        \
  }                                                                                                \
                                                                                                   \
  static inline htab_size_t HTAB_OP_DEF (T, collisions) (HTAB (T) *htab) {                         \
    HTAB_ASSERT (htab != NULL, "collisions", T);                                                   \
    return htab->t.collisions;                                                                     \
  }                                                                                                \
                                                                                                   \
  MIR_HTAB_LARGE void HTAB_OP (T, foreach_elem) (HTAB (T) *htab, void (*func) (T el, void *arg),   \
                                                 void *arg) {                                      \
    htab_size_t i;                                                                                 \
    T *el;                                                                                         \
    HTAB_ASSERT (htab != NULL, "foreach_elem", T);                                                 \
    HTAB_EACH (T, htab, i, el) func (*el, arg);                                                    \
  }

#define MIR_HTAB_ANY_(T, HASH, POS) TRUE

/*---------------- Typed tables ---------------------------------*/

/* The type of tables of T, a structure.  */
#define HTAB(T) HTAB_##T

/* Define the type HTAB (T) and its functions, all of them static: once in each unit.  */
#define DEF_HTAB(T)                                                                          \
  MIR_HTAB_TYPE_ (T, htab_hash_t (*hash_func) (T el, void *arg);                             \
                  int (*eq_func) (T el1, T el2, void *arg);)                                 \
  static inline htab_hash_t HTAB_OP_DEF (T, hash) (const HTAB (T) *htab, const T *el) {      \
    htab_hash_t hash = htab->hash_func (*el, htab->t.arg);                                   \
    return hash + (hash == MIR_HTAB_HOLE_HASH);                                              \
  }                                                                                          \
  static inline int HTAB_OP_DEF (T, eq) (const HTAB (T) *htab, const T *el1, const T *el2) { \
    return htab->eq_func (*el1, *el2, htab->t.arg);                                          \
  }                                                                                          \
  MIR_HTAB_FUNCS_ (T, MIR_HTAB_SAME_HASH_)                                                   \
  MIR_HTAB_LARGE void HTAB_OP (T, create) (                                                  \
      HTAB (T) * * htab, MIR_alloc_t alloc, htab_size_t min_size,                            \
      htab_hash_t (*hash_func) (T el, void *arg), int (*eq_func) (T el1, T el2, void *arg),  \
      void (*free_func) (T el, void *arg), void *arg) {                                      \
    HTAB (T) *ht;                                                                            \
    *htab = NULL;                                                                            \
    ht = (HTAB (T) *) mir_htab_new_ (alloc, sizeof (HTAB (T)), min_size, arg);               \
    if (ht == NULL) return;                                                                  \
    ht->free_func = free_func;                                                               \
    ht->hash_func = hash_func;                                                               \
    ht->eq_func = eq_func;                                                                   \
    *htab = ht;                                                                              \
  }

/* As DEF_HTAB, for a bound type.  HASH (el, arg) and EQ (el1, el2, arg) are functions or macros, called by name.  EQ may be called
   for elements of different hashes.  */
#define DEF_HTAB_BOUND(T, HASH, EQ)                                                                \
  MIR_HTAB_TYPE_ (T, )                                                                             \
  static inline htab_hash_t HTAB_OP_DEF (T, hash) (const HTAB (T) *htab, const T *el) {            \
    htab_hash_t hash = HASH (*el, htab->t.arg);                                                    \
    (void) htab;                                                                                   \
    return hash + (hash == MIR_HTAB_HOLE_HASH);                                                    \
  }                                                                                                \
  static inline int HTAB_OP_DEF (T, eq) (const HTAB (T) *htab, const T *el1, const T *el2) {       \
    (void) htab;                                                                                   \
    return EQ (*el1, *el2, htab->t.arg);                                                           \
  }                                                                                                \
  MIR_HTAB_FUNCS_ (T, MIR_HTAB_ANY_)                                                               \
  MIR_HTAB_LARGE void HTAB_OP (T, create_bound) (HTAB (T) * * htab, MIR_alloc_t alloc,             \
                                                 htab_size_t min_size,                             \
                                                 void (*free_func) (T el, void *arg), void *arg) { \
    HTAB (T) *ht;                                                                                  \
    *htab = NULL;                                                                                  \
    ht = (HTAB (T) *) mir_htab_new_ (alloc, sizeof (HTAB (T)), min_size, arg);                     \
    if (ht == NULL) return;                                                                        \
    ht->free_func = free_func;                                                                     \
    *htab = ht;                                                                                    \
  }

/*---------------- Operations -----------------------------------*/

/* T is the element type and V a HTAB (T) *; only CREATE, COPY and DESTROY change V itself.  */

/* Make V an empty table over the allocator M; once it is no longer tiny, it has room for at least S
   elements; S may be 0.  H (el, A) is the hash; EQ (el1, el2, A) is nonzero if the elements are
   equal.  V is NULL on failure.  */
#define HTAB_CREATE(T, V, M, S, H, EQ, A) (HTAB_OP (T, create) (&(V), M, S, H, EQ, NULL, A))
/* As HTAB_CREATE, with F (el, A) called for every element that DELETE, REPLACE, CLEAR or DESTROY
   removes.  */
#define HTAB_CREATE_WITH_FREE_FUNC(T, V, M, S, H, EQ, F, A) \
  (HTAB_OP (T, create) (&(V), M, S, H, EQ, F, A))
/* As HTAB_CREATE_WITH_FREE_FUNC, for a bound type; F may be NULL.  */
#define HTAB_CREATE_BOUND(T, V, M, S, F, A) (HTAB_OP (T, create_bound) (&(V), M, S, F, A))
/* Remove all elements.  */
#define HTAB_CLEAR(T, V) (HTAB_OP (T, clear) (V))
/* Remove all elements, free all memory and set V to NULL.  */
#define HTAB_DESTROY(T, V) (HTAB_OP (T, destroy) (&(V)))
/* Do A, an enum htab_action, for the element EL.  TRUE if an element equal to EL was in the table.  The lvalue RES, which may be EL itself, and
   then has a value whatever happens, is set:
     HTAB_FIND      to the element found; not set if there is none
     HTAB_INSERT    to the element found; if there is none, to EL, which is now the last element
     HTAB_REPLACE   to EL, which takes the place of the element found or is now the last element
     HTAB_DELETE    never  */
#define HTAB_DO(T, V, EL, A, RES) (HTAB_OP (T, do) (V, EL, A, &(RES)))
/* The number of elements.  */
#define HTAB_ELS_NUM(T, V) (HTAB_OP (T, els_num) (V))
/* How often a search has passed an element that was not the one wanted, or a full group.  */
#define HTAB_COLLISIONS(T, V) (HTAB_OP (T, collisions) (V))
/* Call F (el, A) for all elements, in the order of insertion.  */
#define HTAB_FOREACH_ELEM(T, V, F, A) (HTAB_OP (T, foreach_elem) (V, F, A))
/* for all elements, in the order of insertion, with EL, a T *, at each of them: a loop in place,
   where break and continue work.  The lvalue I, a htab_size_t, is used by the loop; V is evaluated
   several times.  The body may FIND and DELETE in V, and may change *EL, but not its key.  A loop
   that is all an if does wants braces: compilers warn of an else that may be ambiguous, and is not.

     HTAB_EACH (node_t, nodes, i, node) sum += node->size;  */
#define HTAB_EACH(T, V, I, EL)                                                                 \
  for ((I) = (V)->t.start; (I) < (V)->t.bound && ((EL) = (T *) (V)->t.els + (I), TRUE); (I)++) \
    if ((V)->t.hashes[I] == MIR_HTAB_HOLE_HASH) {                                              \
    } else
/* Make V a table over the allocator M with the elements of the table FROM, in their order and
   copied as bytes, without hashing them.  V has FROM's functions, but F, which may be NULL, for its
   free_func, so that no two tables free one thing, and A for its argument.  V is NULL on failure.
   FROM does not change.  */
#define HTAB_COPY(T, V, M, FROM, F, A) (HTAB_OP (T, copy) (&(V), M, FROM, F, A))

#ifdef __cplusplus
}
#endif

#endif /* MIR_HTAB_H */
