/* The arena: blocks one after another, freed together.  One thread at a time.  */
#include "heap/heap.h"

#include "heap/annotate.h"

/* Bytes; and a block larger than a LARGE_PART-th of a chunk is large.  */
enum { DEFAULT_CHUNK = 64 * 1024, MIN_CHUNK = 1024, LARGE_PART = 4 };

/* How far ahead of a new block lines of the cache are requested, in bytes, how many, and the bytes of
   a line: a CPU that has longer ones gets the same request twice.  */
enum { AHEAD = 1024, AHEAD_LINES = 4, AHEAD_LINE = 64 };

/* [ chunk | block | gap | block | gap ... free ... ] bound  */
struct chunk {
  struct chunk *older;
  size_t len; /* bytes, with this header */
};

/* A block larger than a quarter of a chunk: [ large | block ].  The size of a block tells its kind,
   so small blocks need no header.  The exception is a block which has become small while there was
   no memory for a small one: it stays here, and is found in the list of shrunk blocks.  */
struct large {
  struct large *older, *newer;
  struct large *next_shrunk, **shrunk_link; /* the link that points here; NULL: not shrunk */
  uint64_t number;                          /* newer blocks have higher numbers */
  size_t len;                               /* bytes, with this header */
};

enum {
  CHUNK_HEADER = (sizeof (struct chunk) + MIR_HEAP_ALIGN - 1) / MIR_HEAP_ALIGN * MIR_HEAP_ALIGN,
  LARGE_HEADER = (sizeof (struct large) + MIR_HEAP_ALIGN - 1) / MIR_HEAP_ALIGN * MIR_HEAP_ALIGN
};

struct arena {
  struct MIR_arena pub;
  MIR_alloc_t below;
  size_t chunk_len;    /* bytes */
  size_t bytes;        /* held from the allocator below, this structure included */
  struct chunk *top;   /* the chunk that new blocks come from; NULL: none yet */
  struct chunk *spare; /* an empty chunk, which makes resets across a chunk's end cheap; or NULL */
  char *free, *bound;  /* what is left of the top chunk; free is aligned */
  char *last;          /* the newest small block, if no mark is newer; else NULL */
  struct large *large; /* the newest large block */
  /* Large blocks that their users know as small ones; most of the time NULL.  */
  struct large *shrunk;
  uint64_t larges; /* large blocks ever allocated or resized */
};

/* Where the blocks of CHUNK begin, and where it ends.  */
static char *first_of (struct chunk *chunk) {
  return (char *) chunk + CHUNK_HEADER;
}

static char *bound_of (struct chunk *chunk) {
  return (char *) chunk + chunk->len;
}

/* Whether a block of SIZE bytes is a large one.  */
static int is_large (const struct arena *arena, size_t size) {
  return size > arena->chunk_len / LARGE_PART;
}

/* The bytes that a small block occupies.  A block of size 0 occupies some too, so that its address
   is unique.  */
static size_t room_for (size_t size) {
  return (size == 0 ? MIR_HEAP_ALIGN
                    : (size + MIR_HEAP_ALIGN - 1) / MIR_HEAP_ALIGN * MIR_HEAP_ALIGN)
         + MIR_NOTE_GAP;
}

/* An arena goes through memory that is in no cache, one block after the other, unless its blocks are
   freed in reverse order.  Where a block was taken at ADDRESS, request what a later one will need, as
   HotSpot does (AllocatePrefetchStyle).  There are no branches, which would cost more than a request
   for what is in the cache.  Nothing is accessed, so it does not matter where the chunk ends.  */
static inline void fetch_ahead (uintptr_t address) {
  for (int i = 0; i < AHEAD_LINES; i++)
    __builtin_prefetch ((const void *) (address + AHEAD + (uintptr_t) i * AHEAD_LINE), 1);
}

/*---------------- Large blocks -----------------------------*/

/* Make LARGE the newest large block.  */
static void link_large (struct arena *arena, struct large *large) {
  large->older = arena->large;
  large->newer = NULL;
  large->number = ++arena->larges;
  if (large->older != NULL) large->older->newer = large;
  arena->large = large;
}

/* Take the block whose header is LARGE, or was until it moved, from its lists.  */
static void unlink_large (struct arena *arena, const struct large *large) {
  if (large->older != NULL) large->older->newer = large->newer;
  if (large->newer != NULL)
    large->newer->older = large->older;
  else
    arena->large = large->older;
  if (large->shrunk_link == NULL) return;
  *large->shrunk_link = large->next_shrunk;
  if (large->next_shrunk != NULL) large->next_shrunk->shrunk_link = large->shrunk_link;
}

/* The block of LARGE, and the header of BLOCK, a large one.  */
static void *block_of (struct large *large) {
  return (char *) large + LARGE_HEADER;
}

static struct large *large_of (void *block) {
  return (struct large *) (void *) ((char *) block - LARGE_HEADER);
}

/* The header of BLOCK, which its user knows to have SIZE bytes; NULL: it is a small one.  */
static struct large *find_large (struct arena *arena, void *block, size_t size) {
  struct large *large = arena->shrunk;
  if (is_large (arena, size)) return large_of (block);
  while (large != NULL && block_of (large) != block) large = large->next_shrunk;
  return large;
}

/* Enter LARGE, fresh from below, as a block of SIZE bytes and return the block; NULL for NULL.  */
static void *add_large (struct arena *arena, struct large *large, size_t size) {
  if (large == NULL) return NULL;
  large->len = size + LARGE_HEADER;
  large->next_shrunk = NULL;
  large->shrunk_link = NULL;
  arena->bytes += large->len;
  link_large (arena, large);
  return block_of (large);
}

static void free_large (struct arena *arena, struct large *large) {
  unlink_large (arena, large);
  arena->bytes -= large->len;
  MIR_free (arena->below, large);
}

/* Resize the block of LARGE to NEW_SIZE bytes, a large size, as the newest one.  A block that is to
   shrink and cannot stays as long as it is.  NULL on failure; the lists change only after the
   realloc has succeeded.  */
static void *resize_large (struct arena *arena, struct large *large, size_t new_size) {
  struct large old = *large;
  if (new_size > SIZE_MAX - LARGE_HEADER) return NULL;
  struct large *moved =
      (struct large *) MIR_realloc (arena->below, large, old.len, new_size + LARGE_HEADER);
  if (moved == NULL) {
    if (new_size > old.len - LARGE_HEADER) return NULL;
    new_size = old.len - LARGE_HEADER;
    moved = large;
  }
  unlink_large (arena, &old);
  arena->bytes -= old.len;
  return add_large (arena, moved, new_size);
}

/* There is no memory for the small block that the block of LARGE shall become: shorten that as far
   as a large one may, so that all small sizes fit in it, and remember it.  Cannot fail.  */
static void *keep_shrunk (struct arena *arena, struct large *large) {
  void *block = resize_large (arena, large, arena->chunk_len / LARGE_PART);
  large = large_of (block);
  large->next_shrunk = arena->shrunk;
  large->shrunk_link = &arena->shrunk;
  if (arena->shrunk != NULL) arena->shrunk->shrunk_link = &large->next_shrunk;
  arena->shrunk = large;
  return block;
}

/*---------------- Chunks -----------------------------*/

/* Allocate from CHUNK from now on, starting at FREE; CHUNK NULL: there is none.  */
static void use_chunk (struct arena *arena, struct chunk *chunk, char *free) {
  arena->top = chunk;
  arena->free = free;
  arena->bound = chunk == NULL ? NULL : bound_of (chunk);
  arena->last = NULL;
}

/* Begin a new chunk: the spare one, or one from below.  0, or -1 with the arena unchanged.  */
static int add_chunk (struct arena *arena) {
  struct chunk *chunk = arena->spare;
  if (chunk == NULL) {
    chunk = (struct chunk *) MIR_malloc (arena->below, arena->chunk_len);
    if (chunk == NULL) return -1;
    chunk->len = arena->chunk_len;
    arena->bytes += chunk->len;
  }
  arena->spare = NULL;
  chunk->older = arena->top;
  mir_note_pool (chunk);
  mir_note_closed (first_of (chunk), chunk->len - CHUNK_HEADER);
  use_chunk (arena, chunk, first_of (chunk));
  return 0;
}

/* Keep CHUNK, which is no longer in use, as the spare chunk, or free it if there is one.  */
static void drop_chunk (struct arena *arena, struct chunk *chunk) {
  mir_note_end (chunk);
  mir_note_open (first_of (chunk), chunk->len - CHUNK_HEADER);
  if (arena->spare == NULL) {
    arena->spare = chunk;
    return;
  }
  arena->bytes -= chunk->len;
  MIR_free (arena->below, chunk);
}

/*---------------- Callbacks -----------------------------*/

/* The mir_note functions tell a memory checker which bytes are a block (annotate.h).  */

static void *arena_malloc (size_t size, void *user_data) {
  struct arena *arena = (struct arena *) user_data;
  if (is_large (arena, size)) {
    if (size > SIZE_MAX - LARGE_HEADER) return NULL;
    return add_large (arena, (struct large *) MIR_malloc (arena->below, size + LARGE_HEADER), size);
  }
  size_t room = room_for (size);
  if ((size_t) (arena->bound - arena->free) < room && add_chunk (arena) != 0) return NULL;
  char *res = arena->free;
  arena->free += room;
  arena->last = res;
  fetch_ahead ((uintptr_t) res);
  mir_note_block (arena->top, res, size);
  return res;
}

static void *arena_calloc (size_t num, size_t size, void *user_data) {
  struct arena *arena = (struct arena *) user_data;
  size_t len;
  if (mir_heap_overflows (num, size, &len)) return NULL;
  if (is_large (arena, len)) {
    if (len > SIZE_MAX - LARGE_HEADER) return NULL;
    return add_large (arena, (struct large *) MIR_calloc (arena->below, 1, len + LARGE_HEADER),
                      len);
  }
  void *res = arena_malloc (len, user_data);
  if (res != NULL) memset (res, 0, len);
  return res;
}

/* Only the newest small block and the newest large one give their bytes back before a reset, and a
   checker then reports accesses to them; freeing another block does nothing.  */
static void arena_free (void *ptr, void *user_data) {
  struct arena *arena = (struct arena *) user_data;
  if (ptr == NULL) return;
  if (ptr == arena->last) {
    mir_note_gone (arena->top, ptr);
    mir_note_closed (ptr, (size_t) (arena->free - (char *) ptr));
    arena->free = arena->last;
    arena->last = NULL;
  } else if (arena->large != NULL && ptr == block_of (arena->large)) {
    free_large (arena, arena->large);
  }
}

/* Resize the small block at PTR in place.  0: it must move.  */
static int resize_in_place (struct arena *arena, char *ptr, size_t old_size, size_t new_size) {
  if (ptr == arena->last && room_for (new_size) <= (size_t) (arena->bound - ptr)) {
    mir_note_resized (arena->top, ptr, old_size, new_size);
    arena->free = ptr + room_for (new_size);
    return 1;
  }
  if (new_size > old_size) return 0;
  mir_note_closed (ptr + new_size, old_size - new_size);
  return 1;
}

static void *arena_realloc (void *ptr, size_t old_size, size_t new_size, void *user_data) {
  struct arena *arena = (struct arena *) user_data;
  if (ptr == NULL) return arena_malloc (new_size, user_data);
  struct large *large = find_large (arena, ptr, old_size);
  if (large != NULL && is_large (arena, new_size)) return resize_large (arena, large, new_size);
  if (large == NULL && !is_large (arena, new_size)
      && resize_in_place (arena, (char *) ptr, old_size, new_size))
    return ptr;
  void *res = arena_malloc (new_size, user_data);
  if (res == NULL) return large == NULL ? NULL : keep_shrunk (arena, large);
  memcpy (res, ptr, old_size < new_size ? old_size : new_size);
  if (large != NULL) free_large (arena, large);
  return res;
}

/*---------------- Life -----------------------------*/

MIR_heap_status_t MIR_arena_create (MIR_alloc_t below, size_t chunk_size, MIR_arena_t *res) {
  if (chunk_size == 0) chunk_size = DEFAULT_CHUNK;
  if (chunk_size < MIN_CHUNK || chunk_size > SIZE_MAX / 2) return MIR_HEAP_BAD_OPTION;
  struct arena *arena = (struct arena *) mir_heap_new (&below, sizeof (*arena));
  if (arena == NULL) return MIR_HEAP_NO_MEMORY;
  arena->pub.alloc = MIR_HEAP_ALLOC (arena);
  arena->below = below;
  arena->chunk_len = chunk_size;
  arena->bytes = sizeof (*arena);
  *res = &arena->pub;
  return MIR_HEAP_OK;
}

MIR_arena_mark_t MIR_arena_get_mark (MIR_arena_t pub) {
  struct arena *arena = (struct arena *) pub;
  MIR_arena_mark_t mark = {.chunk = arena->top, .free = arena->free, .large = arena->larges};
  arena->last = NULL; /* a block older than a mark must not grow beyond the mark */
  return mark;
}

/* Whether MARK's chunk still exists and its used part reaches to the mark.  Where the used part of
   an older chunk ends is not kept, so its end counts.  Compared as numbers: pointers into different
   blocks may not be.  */
static int is_good_mark (struct arena *arena, const MIR_arena_mark_t *mark) {
  struct chunk *chunk = arena->top;
  if (mark->large > arena->larges) return 0;
  if (mark->chunk == NULL) return 1;
  while (chunk != NULL && chunk != mark->chunk) chunk = chunk->older;
  if (chunk == NULL) return 0;
  uintptr_t at = (uintptr_t) mark->free;
  uintptr_t end = (uintptr_t) (chunk == arena->top ? arena->free : bound_of (chunk));
  return at >= (uintptr_t) first_of (chunk) && at <= end;
}

MIR_heap_status_t MIR_arena_reset (MIR_arena_t pub, MIR_arena_mark_t mark) {
  struct arena *arena = (struct arena *) pub;
  if (!is_good_mark (arena, &mark)) return MIR_HEAP_BAD_MARK;
  while (arena->large != NULL && arena->large->number > mark.large)
    free_large (arena, arena->large);
  while (arena->top != mark.chunk) {
    struct chunk *chunk = arena->top;
    arena->top = chunk->older;
    drop_chunk (arena, chunk);
  }
  use_chunk (arena, arena->top, (char *) mark.free);
  if (arena->top == NULL) return MIR_HEAP_OK;
  mir_note_trim (arena->top, first_of (arena->top), (size_t) (arena->free - first_of (arena->top)));
  mir_note_closed (arena->free, (size_t) (arena->bound - arena->free));
  return MIR_HEAP_OK;
}

void MIR_arena_clear (MIR_arena_t pub) {
  MIR_arena_reset (pub, (MIR_arena_mark_t) {.chunk = NULL}); /* the mark of an empty arena */
}

void MIR_arena_finish (MIR_arena_t pub) {
  struct arena *arena = (struct arena *) pub;
  if (arena == NULL) return;
  MIR_arena_clear (pub);
  if (arena->spare != NULL) MIR_free (arena->below, arena->spare);
  MIR_free (arena->below, arena);
}

size_t MIR_arena_bytes (MIR_arena_t pub) {
  return ((struct arena *) pub)->bytes;
}
