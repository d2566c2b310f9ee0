/* A map of code spaces: the mapped ranges and the pieces of code in them, by address.  A piece is a
   code block.  Out of memory ends the program.  One thread.  */
#ifndef MIR_REPORT_CODE_MAP_H
#define MIR_REPORT_CODE_MAP_H

#include <stddef.h> /* size_t */
#include <stdint.h>

#include "report/containers.h"

/* SIZE bytes at the address START: a range of code memory, or a piece (a code block) in it.  */
typedef struct extent {
  uint64_t start, size;
  uint32_t name; /* of a piece: a number of struct names */
  /* Of a range: by address; they do not overlap.  Of a piece: NULL.  */
  struct VARR (extent_t) *pieces;
} extent_t;

DEF_VARR (extent_t)

struct code_map {
  MIR_alloc_t alloc;
  VARR (extent_t) *ranges;                    /* by address; they do not overlap */
  uint64_t mapped_bytes, pieces, piece_bytes; /* now */
  uint64_t low, high;                         /* all ranges are in [LOW, HIGH) */
};

void code_map_init (struct code_map *map, MIR_alloc_t alloc);
void code_map_finish (struct code_map *map);
/* Add a range or a piece.  What overlaps with it is removed first: its end was not in the trace.  A
   piece that is not inside one range is not added; then the result is 0.  */
void code_map_add_range (struct code_map *map, uint64_t start, uint64_t size);
int code_map_add_piece (struct code_map *map, const struct extent *piece);
/* Remove all ranges that overlap with SIZE bytes at START, or the piece at START.  0: there is
   none.  */
int code_map_remove_range (struct code_map *map, uint64_t start, uint64_t size);
int code_map_remove_piece (struct code_map *map, uint64_t start);
/* 0: ADDRESS is in no piece.  Most addresses of a program are far from all of them.  */
static inline int code_map_may_have (const struct code_map *map, uint64_t address) {
  return address >= map->low && address < map->high;
}

/* The piece in which ADDRESS is, or NULL.  */
const struct extent *code_map_find (const struct code_map *map, uint64_t address);
/* Initialise COPY as a copy of MAP.  */
void code_map_copy (struct code_map *copy, const struct code_map *map);

#endif /* MIR_REPORT_CODE_MAP_H */
