/* Keeps ranges and pieces of code in sorted arrays: EL_SIZE is the size of an element.  */
#include "report/code-map.h"

#include <string.h>

void code_map_init (struct code_map *map, MIR_alloc_t alloc) {
  memset (map, 0, sizeof (*map));
  map->alloc = alloc;
  VARR_CREATE (range_t, map->ranges, alloc, 16);
}

void code_map_finish (struct code_map *map) {
  if (map->ranges == NULL) return;
  for (size_t i = 0; i < VARR_LENGTH (range_t, map->ranges); i++)
    VARR_DESTROY (piece_t, VARR_ADDR (range_t, map->ranges)[i].pieces);
  VARR_DESTROY (range_t, map->ranges);
}

/*---------------- Sorted arrays -----------------------------*/

/* The members that struct range and struct piece begin with.  */
struct extent {
  uint64_t start, size;
};

/* The index of the first of NUM elements that ends behind ADDRESS; NUM if there is none.  */
static size_t first_behind (const void *els, size_t num, size_t el_size, uint64_t address) {
  size_t from = 0, to = num;
  while (from < to) {
    size_t middle = from + (to - from) / 2;
    struct extent extent;
    memcpy (&extent, (const char *) els + middle * el_size, sizeof (extent));
    if (extent.start + extent.size > address)
      to = middle;
    else
      from = middle + 1;
  }
  return from;
}

/* Move LAST, the last of NUM elements, to the index AT.  */
static void move_last (void *els, size_t num, size_t el_size, size_t at, const void *last) {
  char *place = (char *) els + at * el_size;
  memmove (place + el_size, place, (num - at - 1) * el_size);
  memcpy (place, last, el_size);
}

/* Move the elements behind the index AT one place down.  */
static void remove_at (void *els, size_t num, size_t el_size, size_t at) {
  char *place = (char *) els + at * el_size;
  memmove (place, place + el_size, (num - at - 1) * el_size);
}

/* The index of the first range, or piece of RANGE, that ends behind ADDRESS.  */
static size_t range_behind (const struct code_map *map, uint64_t address) {
  return first_behind (VARR_ADDR (range_t, map->ranges), VARR_LENGTH (range_t, map->ranges),
                       sizeof (struct range), address);
}

static size_t piece_behind (const struct range *range, uint64_t address) {
  return first_behind (VARR_ADDR (piece_t, range->pieces), VARR_LENGTH (piece_t, range->pieces),
                       sizeof (struct piece), address);
}

/* The range in which ADDRESS is, or NULL.  */
static struct range *range_of (const struct code_map *map, uint64_t address) {
  size_t at = range_behind (map, address);
  struct range *range = &VARR_ADDR (range_t, map->ranges)[at];
  return at < VARR_LENGTH (range_t, map->ranges) && range->start <= address ? range : NULL;
}

const struct piece *code_map_find (const struct code_map *map, uint64_t address) {
  const struct range *range = range_of (map, address);
  size_t at = range == NULL ? 0 : piece_behind (range, address);
  if (range == NULL || at == VARR_LENGTH (piece_t, range->pieces)) return NULL;
  const struct piece *piece = &VARR_ADDR (piece_t, range->pieces)[at];
  return piece->start <= address ? piece : NULL;
}

/*---------------- Ranges -----------------------------*/

/* Remove the range with the index AT, and its pieces.  */
static void drop_range (struct code_map *map, size_t at) {
  struct range *ranges = VARR_ADDR (range_t, map->ranges);
  size_t num = VARR_LENGTH (range_t, map->ranges);
  VARR (piece_t) *pieces = ranges[at].pieces;
  map->mapped_bytes -= ranges[at].size;
  map->pieces -= VARR_LENGTH (piece_t, pieces);
  for (size_t i = 0; i < VARR_LENGTH (piece_t, pieces); i++)
    map->piece_bytes -= VARR_ADDR (piece_t, pieces)[i].size;
  VARR_DESTROY (piece_t, pieces);
  remove_at (ranges, num, sizeof (*ranges), at);
  VARR_TRUNC (range_t, map->ranges, num - 1);
}

int code_map_remove_range (struct code_map *map, uint64_t start, uint64_t size) {
  size_t at = range_behind (map, start);
  int dropped = 0;
  while (at < VARR_LENGTH (range_t, map->ranges)
         && VARR_GET (range_t, map->ranges, at).start < start + size) {
    drop_range (map, at);
    dropped = 1;
  }
  return dropped;
}

void code_map_add_range (struct code_map *map, uint64_t start, uint64_t size) {
  struct range range = {start, size, NULL}; /* its pieces follow */
  size_t at;
  if (size == 0) return;
  code_map_remove_range (map, start, size);
  at = range_behind (map, start);
  VARR_CREATE (piece_t, range.pieces, map->alloc, 16);
  VARR_PUSH (range_t, map->ranges, range);
  move_last (VARR_ADDR (range_t, map->ranges), VARR_LENGTH (range_t, map->ranges), sizeof (range),
             at, &range);
  map->mapped_bytes += size;
}

/*---------------- Pieces -----------------------------*/

/* Remove the piece with the index AT from RANGE.  */
static void drop_piece (struct code_map *map, struct range *range, size_t at) {
  struct piece *pieces = VARR_ADDR (piece_t, range->pieces);
  size_t num = VARR_LENGTH (piece_t, range->pieces);
  map->pieces--;
  map->piece_bytes -= pieces[at].size;
  remove_at (pieces, num, sizeof (*pieces), at);
  VARR_TRUNC (piece_t, range->pieces, num - 1);
}

int code_map_add_piece (struct code_map *map, const struct piece *piece) {
  struct range *range = range_of (map, piece->start);
  size_t at;
  if (range == NULL || piece->size == 0
      || piece->size > range->size - (piece->start - range->start))
    return 0;
  at = piece_behind (range, piece->start);
  while (at < VARR_LENGTH (piece_t, range->pieces)
         && VARR_GET (piece_t, range->pieces, at).start < piece->start + piece->size)
    drop_piece (map, range, at);
  VARR_PUSH (piece_t, range->pieces, *piece);
  move_last (VARR_ADDR (piece_t, range->pieces), VARR_LENGTH (piece_t, range->pieces),
             sizeof (*piece), at, piece);
  map->pieces++;
  map->piece_bytes += piece->size;
  return 1;
}

int code_map_remove_piece (struct code_map *map, uint64_t start) {
  struct range *range = range_of (map, start);
  size_t at;
  if (range == NULL) return 0;
  at = piece_behind (range, start);
  if (at == VARR_LENGTH (piece_t, range->pieces)
      || VARR_GET (piece_t, range->pieces, at).start != start)
    return 0;
  drop_piece (map, range, at);
  return 1;
}

void code_map_copy (struct code_map *copy, const struct code_map *map) {
  code_map_init (copy, map->alloc);
  for (size_t i = 0; i < VARR_LENGTH (range_t, map->ranges); i++) {
    const struct range *range = &VARR_ADDR (range_t, map->ranges)[i];
    code_map_add_range (copy, range->start, range->size);
    for (size_t j = 0; j < VARR_LENGTH (piece_t, range->pieces); j++)
      code_map_add_piece (copy, &VARR_ADDR (piece_t, range->pieces)[j]);
  }
}
