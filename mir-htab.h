/* Typed hash tables over a MIR_alloc_t.

   DEF_HTAB (T)   defines the type HTAB (T) and its functions; T is one token: int, size_t, node_t
   element        one T, with its key inside; copied as bytes, like an element of VARR (T)
   hash, eq       the user's functions on elements; equal elements must have equal hashes
   bound type     a type whose hash and eq are fixed where it is defined and can be inlined:
                  DEF_HTAB_BOUND (T, HASH, EQ)
   position       the place of an element in the order of insertion
   hole           the position of a deleted element, until the next packing
   id             position + first_id, so that all positions can change while the ids stay
   index          maps a hash to the ids of the elements that have it
   tiny table     a table of few elements: no index, everything in one block

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
   HTAB_CREATE can fail, and INSERT or REPLACE of an element that is not in the table when there is
   no hole to reuse.

   Callbacks: all of them may use other tables and may FIND in their own table; the function of
   FOREACH_ELEM may also DELETE from it.  free_func gets an element after it has left the table.

   Checks: passing a NULL table prints a line and aborts.  The checks are compiled in if
   HTAB_ENABLE_CHECKING is defined, which it is unless NDEBUG is; when they are off, their
   conditions are not evaluated.

   Threads: one thread at a time for each table; even FIND writes, to count collisions.  Lifetime:
   the allocator must outlive the table.

   Source-compatible with the MIR JIT (vnmakarov/mir): the macros, the types and the order of the
   actions are a contract; the fields of HTAB (T) are not.  */
#ifndef MIR_HTAB_H
#define MIR_HTAB_H

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

#define FALSE 0
#define TRUE 1

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
  MIR_HTAB_ERROR (message);
}
#else
MIR_HTAB_SLOW MIR_HTAB_NO_RETURN void mir_htab_error (const char *message) {
  fprintf (stderr, "%s\n", message);
  exit (1);
}
#endif

typedef unsigned htab_ind_t;
typedef unsigned htab_size_t;
typedef unsigned htab_hash_t;

DEF_VARR (htab_ind_t)

enum htab_action { HTAB_FIND, HTAB_INSERT, HTAB_REPLACE, HTAB_DELETE };

#define MIR_HTAB_HOLE_HASH 0u            /* if the user's hash is 0, 1 is stored */
#define MIR_HTAB_LARGEST_SIZE (1u << 31) /* elements */
#define MIR_HTAB_TINY_HASHES 16          /* positions of a tiny table, at most */
#define MIR_HTAB_LINE 64                 /* bytes of a cache line */

/*---------------- Tables without their type --------------------*/
/* A group of the index.  Tag 0 marks a free slot.  Counter kind % MIR_HTAB_OVERFLOWS is the number
   of elements of such kinds that went on to the next group because this one was full.  */
#define MIR_HTAB_SLOTS 12    /* of a group */
#define MIR_HTAB_OVERFLOWS 4 /* counters of a group */
#define MIR_HTAB_STUCK 255   /* a counter that has reached this value keeps it */

struct mir_htab_group_ {
#ifdef MIR_HTAB_PLAIN_
  uint64_t bytes[2]; /* tags and overflows as below; byte i starts at bit 8 * i */
#else
  unsigned char tags[MIR_HTAB_SLOTS];
  unsigned char overflows[MIR_HTAB_OVERFLOWS];
#endif
  htab_ind_t ids[MIR_HTAB_SLOTS];
};

/* The table without its type.  els, index and hashes are one block, els first, unless the table is
   tiny; in a tiny table index is NULL, and els and hashes are in the block of the table itself.

   start <= bound <= limit <= size, and els_num <= bound - start.  The first and the last position
   in use are not holes.  The hashes of a tiny table are 0 outside of [start, bound).  */
struct mir_htab_ {
  htab_size_t els_num;      /* live elements */
  htab_size_t start, bound; /* the positions in use */
  htab_size_t limit;        /* bound == limit calls for more room: size, or less to shrink soon */
  htab_size_t size;         /* number of positions */
  htab_ind_t first_id;      /* the id of position 0; ids wrap around */
  size_t mask;              /* for offsets into the index, bytes */
  htab_size_t min_size;
  htab_size_t collisions;
  void *els;
  struct mir_htab_group_ *index;
  htab_hash_t *hashes;
  MIR_alloc_t alloc;
  void *arg;
  htab_hash_t tiny_hashes[MIR_HTAB_TINY_HASHES];
#ifdef MIR_HTAB_PLAIN_
  uint64_t tiny_tags[2]; /* tags of tiny_hashes, tag i from bit 8 * i on; 0: a hole or unused */
#endif
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

/*---------------- Sets of slots --------------------------------*/
/* Three implementations, for SSE2, for NEON and by words, of sets of slots: mir_htab_slots_t_,
   where each slot is one bit and S & (S - 1) removes the first slot.  The rest of this file uses
   only these functions.  None of them allocates or fails.

   On one group of the index:
     first_slot_ (S)                  the first slot of the set S, which is not empty
     tagged_slots_ (GROUP, KIND)      the slots with the tag of KIND
     free_slots_ (GROUP)              the free slots
     take_slot_ (GROUP, SLOT, KIND)   give the free slot SLOT the tag of KIND
     free_slot_ (GROUP, SLOT)         make SLOT free
     fill_slot_ (GROUP, SLOT, KIND)   take_slot_ for tags that are not read again soon
   and, next to them, is_filled_ (the last slot is taken) and overflows_, set_overflows_ (the
   counter of KIND).

   On a tiny table, where slots are positions:
     tiny_slots_ (T, HASH)            the positions with HASH; without SIMD those with its tag,
                                      maybe more: MIR_HTAB_TINY_SLOTS_ARE_EXACT_
     set_tiny_hash_ (T, POS, HASH)    store HASH, or MIR_HTAB_HOLE_HASH for a hole
     end_tiny_hashes_ (T, NUM)        only the first NUM positions are in use  */
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
  __m128i a = _mm_cmpeq_epi32 (mir_htab_load_ (t->tiny_hashes), h);
  __m128i b = _mm_cmpeq_epi32 (mir_htab_load_ (t->tiny_hashes + 4), h);
  __m128i c = _mm_cmpeq_epi32 (mir_htab_load_ (t->tiny_hashes + 8), h);
  __m128i d = _mm_cmpeq_epi32 (mir_htab_load_ (t->tiny_hashes + 12), h);
  __m128i all = _mm_packs_epi16 (_mm_packs_epi32 (a, b), _mm_packs_epi32 (c, d));
  return (unsigned) _mm_movemask_epi8 (all);
}

/* The bytes of A where MASK is 0, those of B where it is 0xff.  */
static inline mir_htab_vector_ mir_htab_blend_ (mir_htab_vector_ a, mir_htab_vector_ mask,
                                                mir_htab_vector_ b) {
  return _mm_or_si128 (_mm_andnot_si128 (mask, a), _mm_and_si128 (mask, b));
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
  uint16x4_t a = vmovn_u32 (vceqq_u32 (vld1q_u32 (t->tiny_hashes), h));
  uint16x4_t b = vmovn_u32 (vceqq_u32 (vld1q_u32 (t->tiny_hashes + 4), h));
  uint16x4_t c = vmovn_u32 (vceqq_u32 (vld1q_u32 (t->tiny_hashes + 8), h));
  uint16x4_t d = vmovn_u32 (vceqq_u32 (vld1q_u32 (t->tiny_hashes + 12), h));
  uint8x8_t low = vmovn_u16 (vcombine_u16 (a, b)), high = vmovn_u16 (vcombine_u16 (c, d));
  return mir_htab_slots_ (vcombine_u8 (low, high));
}

/* The bytes of A where MASK is 0, those of B where it is 0xff.  */
static inline mir_htab_vector_ mir_htab_blend_ (mir_htab_vector_ a, mir_htab_vector_ mask,
                                                mir_htab_vector_ b) {
  return vbslq_u8 (mask, b, a);
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

static inline unsigned mir_htab_byte_ (const uint64_t words[2], unsigned i) {
  return (unsigned) (words[i / 8] >> i % 8 * 8) & 0xff;
}

static inline void mir_htab_set_byte_ (uint64_t words[2], unsigned i, unsigned byte) {
  unsigned shift = i % 8 * 8;
  words[i / 8] = (words[i / 8] & ~((uint64_t) 0xff << shift)) | (uint64_t) byte << shift;
}
#endif

#ifndef MIR_HTAB_PLAIN_
/* Tags, and the hashes of a tiny table, are written 16 bytes at a time: a processor cannot forward
   a store of one byte to a load of 16.  */
/* A vector in which LENGTH bytes from byte FROM on are 0xff, the others 0.  LENGTH is 1 or 4.  */
static inline mir_htab_vector_ mir_htab_byte_mask_ (unsigned from, unsigned length) {
  static const unsigned char ones[2][32] = {
      {0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0xff},
      {0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0xff, 0xff, 0xff, 0xff}};
  return mir_htab_load_ (&ones[length == 4][16 - from]);
}

static inline mir_htab_slots_t_ mir_htab_tagged_slots_ (const struct mir_htab_group_ *group,
                                                        unsigned kind) {
  return mir_htab_equal_tags_ (group, mir_htab_tag_vector_ (kind));
}

MIR_HTAB_FAST void mir_htab_take_slot_ (struct mir_htab_group_ *group, unsigned slot,
                                        unsigned kind) {
  mir_htab_vector_ old = mir_htab_load_ (group), mask = mir_htab_byte_mask_ (slot, 1);
  mir_htab_store_ (group, mir_htab_blend_ (old, mask, mir_htab_tag_vector_ (kind)));
}

MIR_HTAB_FAST void mir_htab_free_slot_ (struct mir_htab_group_ *group, unsigned slot) {
  mir_htab_vector_ old = mir_htab_load_ (group), mask = mir_htab_byte_mask_ (slot, 1);
  mir_htab_store_ (group, mir_htab_blend_ (old, mask, mir_htab_hash_vector_ (0)));
}

/* As take_slot_, but with a store of one byte: for a tag that is not read soon.  */
static inline void mir_htab_fill_slot_ (struct mir_htab_group_ *group, unsigned slot,
                                        unsigned kind) {
  group->tags[slot] = (unsigned char) mir_htab_tag_ (kind);
}

static inline int mir_htab_is_filled_ (const struct mir_htab_group_ *group) {
  return group->tags[MIR_HTAB_SLOTS - 1] != 0;
}

static inline unsigned mir_htab_overflows_ (const struct mir_htab_group_ *group, unsigned kind) {
  return group->overflows[kind % MIR_HTAB_OVERFLOWS];
}

static inline void mir_htab_set_overflows_ (struct mir_htab_group_ *group, unsigned kind,
                                            unsigned count) {
  group->overflows[kind % MIR_HTAB_OVERFLOWS] = (unsigned char) count;
}

#define MIR_HTAB_TINY_SLOTS_ARE_EXACT_ TRUE /* all of them have the same hash */

static inline void mir_htab_set_tiny_hash_ (struct mir_htab_ *t, htab_size_t pos,
                                            htab_hash_t hash) {
  htab_hash_t *four = &t->tiny_hashes[pos & ~3u];
  mir_htab_vector_ old = mir_htab_load_ (four), mask = mir_htab_byte_mask_ (pos % 4 * 4, 4);
  mir_htab_store_ (four, mir_htab_blend_ (old, mask, mir_htab_hash_vector_ (hash)));
}

/* Only the first NUM positions are in use; clear the hashes of the others.  */
static inline void mir_htab_end_tiny_hashes_ (struct mir_htab_ *t, htab_size_t num) {
  memset (t->tiny_hashes + num, 0, (MIR_HTAB_TINY_HASHES - num) * sizeof (htab_hash_t));
}

#else
/* The overflow counters are masked out: unlike tags they may be 128 or more.  */
static inline mir_htab_slots_t_ mir_htab_equal_tags_ (const struct mir_htab_group_ *group,
                                                      unsigned tag) {
  uint64_t first = mir_htab_equal_bytes_ (group->bytes[0], tag);
  uint64_t last = mir_htab_equal_bytes_ (group->bytes[1] & 0xffffffffu, tag);
  return first >> 7 | last >> 6;
}

static inline mir_htab_slots_t_ mir_htab_tagged_slots_ (const struct mir_htab_group_ *group,
                                                        unsigned kind) {
  return mir_htab_equal_tags_ (group, mir_htab_tag_ (kind));
}

static inline mir_htab_slots_t_ mir_htab_free_slots_ (const struct mir_htab_group_ *group) {
  return mir_htab_equal_tags_ (group, 0) & ~(0x0202020200000000u);
}

static inline void mir_htab_take_slot_ (struct mir_htab_group_ *group, unsigned slot,
                                        unsigned kind) {
  group->bytes[slot / 8] |= (uint64_t) mir_htab_tag_ (kind) << slot % 8 * 8;
}

static inline void mir_htab_free_slot_ (struct mir_htab_group_ *group, unsigned slot) {
  mir_htab_set_byte_ (group->bytes, slot, 0);
}

static inline void mir_htab_fill_slot_ (struct mir_htab_group_ *group, unsigned slot,
                                        unsigned kind) {
  mir_htab_take_slot_ (group, slot, kind);
}

static inline int mir_htab_is_filled_ (const struct mir_htab_group_ *group) {
  return mir_htab_byte_ (group->bytes, MIR_HTAB_SLOTS - 1) != 0;
}

static inline unsigned mir_htab_overflows_ (const struct mir_htab_group_ *group, unsigned kind) {
  return mir_htab_byte_ (group->bytes, MIR_HTAB_SLOTS + kind % MIR_HTAB_OVERFLOWS);
}

static inline void mir_htab_set_overflows_ (struct mir_htab_group_ *group, unsigned kind,
                                            unsigned count) {
  mir_htab_set_byte_ (group->bytes, MIR_HTAB_SLOTS + kind % MIR_HTAB_OVERFLOWS, count);
}

#define MIR_HTAB_TINY_SLOTS_ARE_EXACT_ FALSE

static inline mir_htab_slots_t_ mir_htab_tiny_slots_ (const struct mir_htab_ *t, htab_hash_t hash) {
  unsigned tag = mir_htab_tag_ (mir_htab_kind_ (mir_htab_mix_ (hash)));
  return mir_htab_equal_bytes_ (t->tiny_tags[0], tag) >> 7
         | mir_htab_equal_bytes_ (t->tiny_tags[1], tag) >> 6;
}

static inline void mir_htab_set_tiny_hash_ (struct mir_htab_ *t, htab_size_t pos,
                                            htab_hash_t hash) {
  unsigned tag = mir_htab_tag_ (mir_htab_kind_ (mir_htab_mix_ (hash)));
  t->tiny_hashes[pos] = hash;
  mir_htab_set_byte_ (t->tiny_tags, pos, hash == MIR_HTAB_HOLE_HASH ? 0 : tag);
}

/* Only the first NUM positions are in use; set their tags and clear the hashes of the others.  */
static inline void mir_htab_end_tiny_hashes_ (struct mir_htab_ *t, htab_size_t num) {
  htab_size_t pos;
  t->tiny_tags[0] = t->tiny_tags[1] = 0;
  for (pos = 0; pos < num; pos++) mir_htab_set_tiny_hash_ (t, pos, t->tiny_hashes[pos]);
  for (; pos < MIR_HTAB_TINY_HASHES; pos++) t->tiny_hashes[pos] = MIR_HTAB_HOLE_HASH;
}
#endif

#ifndef MIR_HTAB_REGROUPS_
#define MIR_HTAB_REGROUPS_(T) FALSE
static inline void mir_htab_regroup_ (void *el, size_t size) {
  (void) el, (void) size;
}
#endif

/*---------------- The index ------------------------------------*/
#define MIR_HTAB_SMALLEST_SIZE 36u /* positions with an index */
#define MIR_HTAB_INDEX_BYTES_(SIZE) ((size_t) (SIZE) / 9 * sizeof (struct mir_htab_group_))

/* The state of a search.  */
struct mir_htab_cursor_ {
  htab_size_t pos;              /* of the element that may be the one wanted */
  unsigned slot;                /* its slot */
  size_t place;                 /* the offset of its group in the index, bytes */
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
  struct mir_htab_group_ *group = mir_htab_group_at_ (t, place);
  unsigned count = mir_htab_overflows_ (group, kind);
  if (count != MIR_HTAB_STUCK) mir_htab_set_overflows_ (group, kind, count + 1);
  return mir_htab_next_place_ (t, place);
}

MIR_HTAB_SEARCH void mir_htab_index_add_ (struct mir_htab_ *t, htab_hash_t hash, htab_ind_t id) {
  uint64_t mixed = mir_htab_mix_ (hash);
  size_t place = mir_htab_home_ (t, mixed);
  unsigned slot, kind = mir_htab_kind_ (mixed);
  struct mir_htab_group_ *group;
  mir_htab_slots_t_ free_slots;
  for (;;) {
    group = mir_htab_group_at_ (t, place);
    free_slots = mir_htab_free_slots_ (group);
    if (!MIR_HTAB_UNLIKELY_ (free_slots == 0)) break;
    place = mir_htab_overflow_ (t, place, kind);
  }
  slot = mir_htab_first_slot_ (free_slots);
  mir_htab_take_slot_ (group, slot, kind);
  group->ids[slot] = id;
}

/* As index_add_, for an index from which nothing has been removed: groups fill from the front, and
   the last id of a group, while its slot is free, is the number of slots taken.  */
static inline void mir_htab_index_fill_ (struct mir_htab_ *t, htab_hash_t hash, htab_ind_t id) {
  uint64_t mixed = mir_htab_mix_ (hash);
  size_t place = mir_htab_home_ (t, mixed);
  unsigned slot, kind = mir_htab_kind_ (mixed);
  struct mir_htab_group_ *group;
  while (MIR_HTAB_UNLIKELY_ (mir_htab_is_filled_ (group = mir_htab_group_at_ (t, place))))
    place = mir_htab_overflow_ (t, place, kind);
  slot = group->ids[MIR_HTAB_SLOTS - 1];
  group->ids[MIR_HTAB_SLOTS - 1] = slot + 1;
  group->ids[slot] = id;
  mir_htab_fill_slot_ (group, slot, kind);
}

/* Undo mir_htab_overflow_ for an element that is removed at PLACE: it had gone on from HOME to
   there.  */
MIR_HTAB_SLOW void mir_htab_uncount_ (struct mir_htab_ *t, size_t home, size_t place,
                                      unsigned kind) {
  for (; home != place; home = mir_htab_next_place_ (t, home)) {
    struct mir_htab_group_ *group = mir_htab_group_at_ (t, home);
    unsigned count = mir_htab_overflows_ (group, kind);
    if (count != MIR_HTAB_STUCK) mir_htab_set_overflows_ (group, kind, count - 1);
  }
}

MIR_HTAB_FAST void mir_htab_index_remove_ (struct mir_htab_ *t, htab_hash_t hash,
                                           const struct mir_htab_cursor_ *c) {
  uint64_t mixed = mir_htab_mix_ (hash);
  size_t home = mir_htab_home_ (t, mixed);
  mir_htab_free_slot_ (mir_htab_group_at_ (t, c->place), c->slot);
  if (MIR_HTAB_UNLIKELY_ (home != c->place))
    mir_htab_uncount_ (t, home, c->place, mir_htab_kind_ (mixed));
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
  c->place = mir_htab_home_ (t, mixed);
  group = mir_htab_group_at_ (t, c->place);
  c->candidates = mir_htab_tagged_slots_ (group, kind);
  if (c->candidates == 0)
    return mir_htab_overflows_ (group, kind) == 0 ? MIR_HTAB_NOWHERE : MIR_HTAB_FURTHER;
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
    if (mir_htab_overflows_ (mir_htab_group_at_ (t, c->place), kind) == 0) return FALSE;
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
  c->place = 0;
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

/*---------------- Elements without their type ------------------*/
/* Copy the elements at the positions [START, BOUND) that are not holes according to HASHES; TO may
   be FROM.  The last position is not a hole.  */
typedef void mir_htab_pack_t (void *to, const void *from, const htab_hash_t *hashes,
                              htab_size_t start, htab_size_t bound);

/* What the untyped functions need to know about the element type to make room.  */
struct mir_htab_type_ {
  size_t el_size;
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

/* The number of positions for twice ELS_NUM elements, at least MIN_SIZE.  0 if not even one more
   element is possible.  */
static inline htab_size_t mir_htab_size_ (htab_size_t els_num, htab_size_t min_size) {
  uint64_t size = MIR_HTAB_SMALLEST_SIZE, wanted = 2 * (uint64_t) els_num;
  if (els_num >= MIR_HTAB_LARGEST_SIZE) return 0;
  if (wanted > MIR_HTAB_LARGEST_SIZE) wanted = MIR_HTAB_LARGEST_SIZE;
  if (wanted < min_size) wanted = min_size;
  while (size < wanted) size *= 2;
  return (htab_size_t) size;
}

/* Make T an empty tiny table of TINY_SIZE positions at TINY_ELS.  */
MIR_HTAB_LARGE void mir_htab_make_tiny_ (struct mir_htab_ *t, void *tiny_els,
                                         htab_size_t tiny_size) {
  t->els_num = t->start = t->bound = 0;
  t->first_id = 0;
  t->limit = t->size = tiny_size;
  t->els = tiny_els;
  t->index = NULL;
  t->hashes = t->tiny_hashes;
  mir_htab_end_tiny_hashes_ (t, 0);
}

/* Make T an empty table of SIZE positions with an index; FALSE on failure, with T unchanged.  */
MIR_HTAB_LARGE int mir_htab_make_indexed_ (struct mir_htab_ *t, htab_size_t size, size_t el_size) {
  size_t index_bytes = MIR_HTAB_INDEX_BYTES_ (size), fixed = index_bytes + MIR_HTAB_LINE;
  size_t unit = el_size + sizeof (htab_hash_t), padding;
  char *block;
  if (size > (SIZE_MAX / 2 - fixed) / unit) return FALSE;
  block = (char *) MIR_malloc (t->alloc, size * unit + fixed);
  if (block == NULL) return FALSE;
  padding = -((size_t) (uintptr_t) block + size * el_size) % MIR_HTAB_LINE;
  t->els_num = t->start = t->bound = 0;
  t->first_id = 0;
  t->limit = t->size = size;
  t->els = block;
  t->index = (struct mir_htab_group_ *) (void *) (block + size * el_size + padding);
  t->hashes = (htab_hash_t *) (void *) ((char *) t->index + index_bytes);
  t->mask = index_bytes - sizeof (struct mir_htab_group_);
  memset (t->index, 0, index_bytes);
  return TRUE;
}

/* Put all elements into the index, which must be all zero; there must be no holes.  */
MIR_HTAB_LARGE void mir_htab_fill_index_ (struct mir_htab_ *t) {
  enum { AHEAD = 12 };
  const htab_hash_t *hashes = t->hashes;
  htab_size_t i, bound = t->bound;
  for (i = 0; i < bound; i++) {
    if (i + AHEAD < bound) mir_htab_prefetch_ (t, hashes[i + AHEAD]);
    mir_htab_index_fill_ (t, hashes[i], i + t->first_id);
  }
}

/* Move all elements and holes down to position 0; the ids do not change.  */
MIR_HTAB_LARGE void mir_htab_slide_ (struct mir_htab_ *t, size_t el_size) {
  size_t n = t->bound - t->start;
  memmove (t->els, (char *) t->els + t->start * el_size, n * el_size);
  memmove (t->hashes, t->hashes + t->start, n * sizeof (htab_hash_t));
  if (t->index == NULL) mir_htab_end_tiny_hashes_ (t, (htab_size_t) n);
  t->first_id += t->start;
  t->bound = (htab_size_t) n;
  t->start = 0;
  t->limit = t->size;
}

/* Close the holes in place.  */
MIR_HTAB_LARGE void mir_htab_pack_ (struct mir_htab_ *t, const struct mir_htab_type_ *type) {
  if (t->els_num == t->bound - t->start) {
    mir_htab_slide_ (t, type->el_size);
    return;
  }
  type->pack (t->els, t->els, t->hashes, t->start, t->bound);
  mir_htab_pack_hashes_ (t->hashes, t->hashes, t->start, t->bound);
  t->start = t->first_id = 0;
  t->bound = t->els_num;
  t->limit = t->size;
  if (t->index == NULL) {
    mir_htab_end_tiny_hashes_ (t, t->els_num);
    return;
  }
  memset (t->index, 0, MIR_HTAB_INDEX_BYTES_ (t->size));
  mir_htab_fill_index_ (t);
}

/* Make room for at least one more element after the last one; FALSE on failure, with the table
   unchanged.  TINY_ELS and TINY_SIZE are for a table that becomes tiny again.  */
MIR_HTAB_SLOW int mir_htab_make_room_ (struct mir_htab_ *t, void *tiny_els, htab_size_t tiny_size,
                                       const struct mir_htab_type_ *type) {
  htab_size_t n = t->els_num, size = mir_htab_size_ (n, t->min_size);
  struct mir_htab_ old = *t;
  int was_tiny = t->index == NULL;
  if (size == 0 && n == t->bound) {
    mir_htab_error ("htab: too many elements");
    return FALSE;
  }
  if (was_tiny ? n <= t->size / 4 * 3 : size == 0) {
    mir_htab_pack_ (t, type);
    return TRUE;
  }
  if (!was_tiny && n >= t->size / 8) {
    if (n >= t->limit / 2 && t->limit < t->size) {
      t->limit = t->size;
      return TRUE;
    }
    if (t->start >= t->size / 4) {
      mir_htab_slide_ (t, type->el_size);
      return TRUE;
    }
    if (size <= t->size) {
      mir_htab_pack_ (t, type);
      return TRUE;
    }
  }
  if (!was_tiny && n <= tiny_size / 2 && t->min_size <= tiny_size) {
    mir_htab_make_tiny_ (t, tiny_els, tiny_size);
  } else if (size == old.size || !mir_htab_make_indexed_ (t, size, type->el_size)) {
    if (n == t->bound && t->limit == t->size) {
      mir_htab_error ("htab: no memory");
      return FALSE;
    }
    mir_htab_pack_ (t, type);
    return TRUE;
  }
  type->pack (t->els, old.els, was_tiny ? t->tiny_hashes : old.hashes, old.start, old.bound);
  mir_htab_pack_hashes_ (t->hashes, old.hashes, old.start, old.bound);
  t->els_num = t->bound = n;
  if (t->index == NULL)
    mir_htab_end_tiny_hashes_ (t, n);
  else
    mir_htab_fill_index_ (t);
  if (!was_tiny) MIR_free (t->alloc, old.els);
  return TRUE;
}

/* Append an element with HASH, for which there must be room; its position.  */
MIR_HTAB_FAST htab_size_t mir_htab_append_ (struct mir_htab_ *t, htab_hash_t hash) {
  htab_size_t pos = t->bound++;
  t->els_num++;
  if (t->index == NULL) {
    mir_htab_set_tiny_hash_ (t, pos, hash);
  } else {
    t->hashes[pos] = hash;
    mir_htab_index_add_ (t, hash, pos + t->first_id);
  }
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
    mir_htab_set_tiny_hash_ (t, pos, MIR_HTAB_HOLE_HASH);
  } else {
    t->hashes[pos] = MIR_HTAB_HOLE_HASH;
    mir_htab_index_remove_ (t, hash, c);
  }
  t->els_num--;
  if (pos == t->start || pos + 1 == t->bound) mir_htab_trim_ (t, pos);
}

/* Make T empty.  Its block is kept for the next elements unless it held far fewer than fit; then
   the result is that block, which the caller must free.  Otherwise NULL.  */
MIR_HTAB_LARGE void *mir_htab_empty_ (struct mir_htab_ *t, void *tiny_els, htab_size_t tiny_size) {
  void *block = NULL;
  if (t->index == NULL || (t->bound < t->size / 8 && t->min_size < t->size / 8)) {
    if (t->index != NULL) block = t->els;
    mir_htab_make_tiny_ (t, tiny_els, tiny_size);
  } else {
    if (t->bound != 0) memset (t->index, 0, MIR_HTAB_INDEX_BYTES_ (t->size));
    t->els_num = t->start = t->bound = 0;
    t->limit = t->size;
  }
  return block;
}

/*---------------- Typed tables ---------------------------------*/
#define HTAB(T) HTAB_##T
#define HTAB_OP(T, OP) HTAB_##T##_##OP
#define HTAB_OP_DEF(T, OP) MIR_HTAB_UNUSED HTAB_OP (T, OP)

/* Positions of a tiny table: fewer for large elements, since they are part of its block from the
   start.  */
#define MIR_HTAB_TINY_(T) (sizeof (T) <= 32 ? MIR_HTAB_TINY_HASHES : sizeof (T) <= 128 ? 8 : 4)

#define MIR_HTAB_TYPE_(T, CALLBACKS)                                         \
  typedef struct HTAB (T) HTAB (T);                                          \
  struct HTAB (T) {                                                          \
    struct mir_htab_ t;                                                      \
    void (*free_func) (T el, void *arg);                                     \
    CALLBACKS                                                                \
    T tiny_els[MIR_HTAB_TINY_ (T)]; /* used while there is no other block */ \
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
  /* All of the table except hash_func and eq_func.  */                                            \
  MIR_HTAB_LARGE HTAB (T) *HTAB_OP (T, allocate) (                                                 \
      MIR_alloc_t alloc, htab_size_t min_size, void (*free_func) (T el, void *arg), void *arg) {   \
    HTAB (T) *ht;                                                                                  \
    if (min_size > MIR_HTAB_LARGEST_SIZE) {                                                        \
      mir_htab_error ("htab: too many elements");                                                  \
      return NULL;                                                                                 \
    }                                                                                              \
    ht = (HTAB (T) *) MIR_malloc (alloc, sizeof (HTAB (T)));                                       \
    if (ht == NULL) {                                                                              \
      mir_htab_error ("htab: no memory");                                                          \
      return NULL;                                                                                 \
    }                                                                                              \
    mir_htab_make_tiny_ (&ht->t, ht->tiny_els, MIR_HTAB_TINY_ (T));                                \
    ht->t.min_size = min_size;                                                                     \
    ht->t.collisions = 0;                                                                          \
    ht->t.alloc = alloc;                                                                           \
    ht->t.arg = arg;                                                                               \
    ht->free_func = free_func;                                                                     \
    return ht;                                                                                     \
  }                                                                                                \
                                                                                                   \
  MIR_HTAB_LARGE void HTAB_OP (T, clear) (HTAB (T) *htab) {                                        \
    htab_size_t i, bound;                                                                          \
    const htab_hash_t *hashes;                                                                     \
    const T *els;                                                                                  \
    void *block;                                                                                   \
    htab_hash_t tiny_hashes[MIR_HTAB_TINY_HASHES];                                                 \
    HTAB_ASSERT (htab != NULL, "clear", T);                                                        \
    i = htab->t.start;                                                                             \
    bound = htab->t.bound;                                                                         \
    els = (const T *) htab->t.els;                                                                 \
    hashes = htab->t.hashes;                                                                       \
    if (htab->t.index == NULL && htab->free_func != NULL) {                                        \
      memcpy (tiny_hashes, hashes, sizeof (tiny_hashes));                                          \
      hashes = tiny_hashes;                                                                        \
    }                                                                                              \
    block = mir_htab_empty_ (&htab->t, htab->tiny_els, MIR_HTAB_TINY_ (T));                        \
    if (htab->free_func != NULL)                                                                   \
      for (; i < bound; i++)                                                                       \
        if (hashes[i] != MIR_HTAB_HOLE_HASH) htab->free_func (els[i], htab->t.arg);                \
    if (block != NULL) MIR_free (htab->t.alloc, block);                                            \
  }                                                                                                \
                                                                                                   \
  MIR_HTAB_LARGE void HTAB_OP (T, destroy) (HTAB (T) * * htab) {                                   \
    HTAB (T) *ht = *htab;                                                                          \
    MIR_alloc_t alloc;                                                                             \
    HTAB_ASSERT (ht != NULL, "destroy", T);                                                        \
    if (ht->free_func != NULL) HTAB_OP (T, clear) (ht);                                            \
    alloc = ht->t.alloc;                                                                           \
    *htab = NULL;                                                                                  \
    if (ht->t.index != NULL) MIR_free (alloc, ht->t.els);                                          \
    MIR_free (alloc, ht);                                                                          \
  }                                                                                                \
                                                                                                   \
  /* Continue a search whose first candidate, at C, is not the element wanted.  */                 \
  MIR_HTAB_SLOW int HTAB_OP (T, search_on) (HTAB (T) *htab, T el, htab_hash_t hash,                \
                                            struct mir_htab_cursor_ * c) {                         \
    struct mir_htab_ *t = &htab->t;                                                                \
    if (t->index == NULL) {                                                                        \
      while (mir_htab_next_tiny_ (t, c))                                                           \
        if ((MIR_HTAB_TINY_SLOTS_ARE_EXACT_ || MAY_BE (t, hash, c->pos))                           \
            && HTAB_OP (T, eq) (htab, &htab->tiny_els[c->pos], &el))                               \
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
      if ((MIR_HTAB_TINY_SLOTS_ARE_EXACT_ || MAY_BE (t, hash, c->pos))                             \
          && HTAB_OP (T, eq) (htab, &htab->tiny_els[c->pos], el))                                  \
        return TRUE;                                                                               \
    } else {                                                                                       \
      found = mir_htab_first_ (t, hash, c);                                                        \
      if (found == MIR_HTAB_NOWHERE) return FALSE;                                                 \
      if (found == MIR_HTAB_HERE && MAY_BE (t, hash, c->pos)                                       \
          && HTAB_OP (T, eq) (htab, &((T *) t->els)[c->pos], el))                                  \
        return TRUE;                                                                               \
    }                                                                                              \
    next = *c;                                                                                     \
    found = HTAB_OP (T, search_on) (htab, *el, hash, &next);                                       \
    *c = next;                                                                                     \
    return found;                                                                                  \
  }                                                                                                \
                                                                                                   \
  MIR_HTAB_SLOW int HTAB_OP (T, make_room) (HTAB (T) *htab) {                                      \
    const struct mir_htab_type_ type = {sizeof (T), HTAB_OP (T, pack)};                            \
    return mir_htab_make_room_ (&htab->t, htab->tiny_els, MIR_HTAB_TINY_ (T), &type);              \
  }                                                                                                \
                                                                                                   \
  /* Append EL, which must not be in the table, and set *RES.  Always FALSE, as HTAB_DO returns  \
     then; on failure nothing has changed.  */ \
  MIR_HTAB_LARGE int HTAB_OP (T, append) (HTAB (T) *htab, T * el, htab_hash_t hash, T * res) {     \
    htab_size_t pos;                                                                               \
    if (MIR_HTAB_UNLIKELY_ (htab->t.bound == htab->t.limit) && !HTAB_OP (T, make_room) (htab))     \
      return FALSE;                                                                                \
    pos = mir_htab_append_ (&htab->t, hash);                                                       \
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
      return HTAB_OP (T, append) (htab, &el, hash, res);                                           \
    *res = ((T *) htab->t.els)[c.pos];                                                             \
    return TRUE;                                                                                   \
  }                                                                                                \
                                                                                                   \
  MIR_HTAB_LARGE int HTAB_OP (T, replace) (HTAB (T) *htab, T el, T * res) {                        \
    struct mir_htab_cursor_ c;                                                                     \
    htab_hash_t hash = HTAB_OP (T, hash) (htab, &el);                                              \
    T *found;                                                                                      \
    if (!HTAB_OP (T, search) (htab, &el, hash, &c))                                                \
      return HTAB_OP (T, append) (htab, &el, hash, res);                                           \
    found = &((T *) htab->t.els)[c.pos];                                                           \
    if (htab->free_func == NULL) {                                                                 \
      *res = *found = el;                                                                          \
    } else {                                                                                       \
      T old = *found;                                                                              \
      *res = *found = el;                                                                          \
      htab->free_func (old, htab->t.arg);                                                          \
    }                                                                                              \
    return TRUE;                                                                                   \
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
    HTAB_ASSERT (htab != NULL, "foreach_elem", T);                                                 \
    i = htab->t.start;                                                                             \
    while (i < htab->t.bound && i >= htab->t.start                                                 \
           && htab->t.els_num == htab->t.bound - htab->t.start) /* no hole from here on */         \
      func (((T *) htab->t.els)[i++], arg);                                                        \
    for (; i < htab->t.bound; i++)                                                                 \
      if (htab->t.hashes[i] != MIR_HTAB_HOLE_HASH) func (((T *) htab->t.els)[i], arg);             \
  }

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
    ht = HTAB_OP (T, allocate) (alloc, min_size, free_func, arg);                            \
    if (ht == NULL) return;                                                                  \
    ht->hash_func = hash_func;                                                               \
    ht->eq_func = eq_func;                                                                   \
    *htab = ht;                                                                              \
  }

#define MIR_HTAB_ANY_(T, HASH, POS) TRUE

/* HASH (el, arg) and EQ (el1, el2, arg) are functions or macros, called by name.  EQ may be called
   for elements of different hashes.  */
#define DEF_HTAB_BOUND(T, HASH, EQ)                                                                \
  MIR_HTAB_TYPE_ (T, )                                                                             \
  static inline htab_hash_t HTAB_OP_DEF (T, hash) (const HTAB (T) *htab, const T *el) {            \
    htab_hash_t hash = HASH (*el, htab->t.arg);                                                    \
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
    *htab = NULL;                                                                                  \
    *htab = HTAB_OP (T, allocate) (alloc, min_size, free_func, arg);                               \
  }

/* Below, T is the element type and V a HTAB (T) *; only CREATE and DESTROY change V itself.  */

/* Make V an empty table over the allocator M; once it is no longer tiny, it has room for at least S
   elements.  H (el, A) is the hash; EQ (el1, el2, A) is nonzero if the elements are equal.  V is
   NULL on failure.  */
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
/* TRUE if an element equal to EL was in the table.  The lvalue RES, which may be EL itself, is set:
     HTAB_FIND      to the element found; not set if there is none
     HTAB_INSERT    to the element found; if there is none, to EL, which is now the last element
     HTAB_REPLACE   to EL, which takes the place of the element found or is now the last element
     HTAB_DELETE    never  */
#define HTAB_DO(T, V, EL, A, RES) (HTAB_OP (T, do) (V, EL, A, &(RES)))
#define HTAB_ELS_NUM(T, V) (HTAB_OP (T, els_num) (V))
/* How often a search has passed an element that was not the one wanted, or a full group.  */
#define HTAB_COLLISIONS(T, V) (HTAB_OP (T, collisions) (V))
/* Call F (el, A) for all elements, in the order of insertion.  */
#define HTAB_FOREACH_ELEM(T, V, F, A) (HTAB_OP (T, foreach_elem) (V, F, A))

#ifdef __cplusplus
}
#endif

#endif /* MIR_HTAB_H */
