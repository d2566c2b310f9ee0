/* Keeps live blocks in an array with linear probing; a removed block leaves no trace.  */
#include "report/block-table.h"

#include "report/hash.h"

enum { FIRST_SHIFT = 54 };

/* The first place for ADDRESS: Knuth's multiplicative hashing, which spreads addresses at equal
   distances evenly.  */
static size_t home_of (const struct block_table *table, uint64_t address) {
  return (size_t) (address * 0x9e3779b97f4a7c15u >> table->shift);
}

static size_t places_mask (const struct block_table *table) {
  return VARR_LENGTH (block_t, table->places) - 1;
}

/* Make all places free.  */
static void free_places (struct block_table *table) {
  struct block *places = VARR_ADDR (block_t, table->places);
  for (size_t i = 0; i <= places_mask (table); i++) places[i].size = UINT64_MAX;
  table->num = 0;
}

static void make_places (struct block_table *table, MIR_alloc_t alloc, unsigned shift) {
  size_t num = (size_t) 1 << (64 - shift);
  VARR_CREATE (block_t, table->places, alloc, num);
  VARR_TAILOR (block_t, table->places, num);
  table->shift = shift;
  free_places (table);
}

void block_table_init (struct block_table *table, MIR_alloc_t alloc) {
  make_places (table, alloc, FIRST_SHIFT);
}

void block_table_finish (struct block_table *table) {
  if (table->places != NULL) VARR_DESTROY (block_t, table->places);
}

void block_table_clear (struct block_table *table) {
  free_places (table);
}

/* The place of the block at ADDRESS, or the free one where it would be.  */
static struct block *find_place (const struct block_table *table, uint64_t address) {
  struct block *places = VARR_ADDR (block_t, table->places);
  size_t at = home_of (table, address), mask = places_mask (table);
  while (!block_table_is_free (&places[at]) && places[at].address != address) at = (at + 1) & mask;
  return &places[at];
}

void block_table_expect (const struct block_table *table, uint64_t address) {
  HASH_PREFETCH (&VARR_ADDR (block_t, table->places)[home_of (table, address)]);
}

/* Double the places.  */
static void grow_table (struct block_table *table) {
  VARR (block_t) *old = table->places;
  make_places (table, old->alloc, table->shift - 1);
  for (size_t i = 0; i < VARR_LENGTH (block_t, old); i++) {
    const struct block *block = &VARR_ADDR (block_t, old)[i];
    if (block_table_is_free (block)) continue;
    *find_place (table, block->address) = *block;
    table->num++;
  }
  VARR_DESTROY (block_t, old);
}

int block_table_put (struct block_table *table, const struct block *block) {
  struct block *place = find_place (table, block->address);
  if (!block_table_is_free (place)) return 0;
  *place = *block;
  if (++table->num > places_mask (table) / 5 * 4) grow_table (table);
  return 1;
}

/* Move each block behind the place HOLE, up to the next free place, that may not be behind a free
   place: HOLE lies between its home and itself.  */
static void close_hole (struct block_table *table, size_t hole) {
  struct block *places = VARR_ADDR (block_t, table->places);
  size_t mask = places_mask (table);
  for (size_t at = (hole + 1) & mask; !block_table_is_free (&places[at]); at = (at + 1) & mask) {
    size_t from_home = (at - home_of (table, places[at].address)) & mask;
    if (from_home < ((at - hole) & mask)) continue;
    places[hole] = places[at];
    hole = at;
  }
  places[hole].size = UINT64_MAX;
}

int block_table_take (struct block_table *table, uint64_t address, struct block *block) {
  struct block *place = find_place (table, address);
  if (block_table_is_free (place)) return 0;
  *block = *place;
  table->num--;
  close_hole (table, (size_t) (place - VARR_ADDR (block_t, table->places)));
  return 1;
}
