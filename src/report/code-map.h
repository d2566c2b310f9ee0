/* What is where in the code spaces: ranges that are mapped, and the pieces in them.  */
#ifndef MIR_REPORT_CODE_MAP_H
#define MIR_REPORT_CODE_MAP_H

#include <stddef.h> /* size_t */
#include <stdint.h>

#include "mir-varr.h"

typedef struct piece {
  uint64_t start, size;
  uint32_t name; /* of struct names */
} piece_t;

DEF_VARR (piece_t)

typedef struct range {
  uint64_t start, size;
  VARR (piece_t) *pieces; /* by address; they do not overlap */
} range_t;

DEF_VARR (range_t)

struct code_map {
  MIR_alloc_t alloc;
  VARR (range_t) *ranges;                     /* by address; they do not overlap */
  uint64_t mapped_bytes, pieces, piece_bytes; /* now */
};

void code_map_init (struct code_map *map, MIR_alloc_t alloc);
void code_map_finish (struct code_map *map);
/* Each of these makes room first: what was there, and was not reported as gone, is.  A piece out of
   all ranges, or out of the bounds of one, is not kept: 0.  */
void code_map_add_range (struct code_map *map, uint64_t start, uint64_t size);
int code_map_add_piece (struct code_map *map, const struct piece *piece);
/* 0 if there was none.  */
int code_map_remove_range (struct code_map *map, uint64_t start, uint64_t size);
int code_map_remove_piece (struct code_map *map, uint64_t start);
/* The piece in which ADDRESS is, or NULL.  */
const struct piece *code_map_find (const struct code_map *map, uint64_t address);
/* COPY, which is not initialised, becomes what MAP is.  */
void code_map_copy (struct code_map *copy, const struct code_map *map);

#endif /* MIR_REPORT_CODE_MAP_H */
