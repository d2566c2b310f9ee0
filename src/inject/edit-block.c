#include "edit.h"

#include <stdlib.h>
#include <string.h>

static int is_called (const pe_t *pe, unsigned index, const char *name, pe_error_t *error) {
  char found[PE_NAME_MAX];
  pe_descriptor_t d;
  if (pe_descriptor (pe, index, &d) != 1 || pe_string (pe, d.name, found, sizeof (found)) != 0) {
    pe_set_error (error, "damaged import table (the name of module %u)", index);
    return -1;
  }
  return pe_name_is (found, name);
}

/* Move the descriptors called NAME behind the N that are in place; how many there were, -1 if
 * damaged.  */
static int take (const pe_t *pe, const char *name, uint16_t *from, int n, int total, uint8_t *taken,
                 pe_error_t *error) {
  int moved = 0;
  for (int i = 0; i < total; i++) {
    int same = is_called (pe, (unsigned) i, name, error);
    if (same < 0) return -1;
    if (!same || taken[i]) continue;
    taken[i] = 1;
    from[n + moved++] = (uint16_t) i;
  }
  return moved;
}

int edit_order (const pe_t *pe, const edit_request_t *request, uint16_t *from, pe_error_t *error) {
  uint8_t taken[PE_IMPORTS_MAX] = {0};
  int total = pe_imports_num (pe), n = 0, ordered = 0;
  if (total < 0 || total >= PE_IMPORTS_MAX) {
    pe_set_error (error, "damaged import table");
    return -1;
  }
  for (unsigned i = 0; i < request->order_num; i++)
    ordered |= pe_name_is (request->order[i], request->dll);
  if (!ordered && (n = take (pe, request->dll, from, 0, total, taken, error)) < 0) return -1;
  for (unsigned i = 0; i < request->order_num; i++) {
    int moved = take (pe, request->order[i], from, n, total, taken, error);
    if (moved < 0) return -1;
    if (moved == 0 && !pe_name_is (request->order[i], request->dll)) {
      pe_set_error (error, "module '%.100s' of --order is not imported", request->order[i]);
      return -1;
    }
    n += moved;
  }
  for (int i = 0; i < total; i++)
    if (!taken[i]) from[n++] = (uint16_t) i;
  return total;
}

/* Where the new descriptor goes: first, or behind those which --order names before it.  */
static int new_position (const pe_t *pe, const edit_request_t *request, const uint16_t *from,
                         int total, pe_error_t *error) {
  unsigned before = 0;
  while (before < request->order_num && !pe_name_is (request->order[before], request->dll))
    before++;
  if (before == request->order_num) return 0;
  int position = 0;
  for (; position < total; position++) {
    int same = 0;
    for (unsigned i = 0; i < before && same == 0; i++)
      same = is_called (pe, from[position], request->order[i], error);
    if (same < 0) return -1;
    if (same == 0) break;
  }
  return position;
}

static void put_descriptor (uint8_t *p, const pe_descriptor_t *d) {
  pe_put32 (p, d->lookup);
  pe_put32 (p + 4, d->time_stamp);
  pe_put32 (p + 8, d->forwarder);
  pe_put32 (p + 12, d->name);
  pe_put32 (p + 16, d->address);
}

int edit_copy_descriptor (const pe_t *pe, unsigned index, uint8_t *to, pe_error_t *error) {
  pe_descriptor_t d;
  if (pe_descriptor (pe, index, &d) != 1) {
    pe_set_error (error, "damaged import table");
    return -1;
  }
  if (d.time_stamp != 0 && pe_lookup_table (pe, &d) == d.address) {
    pe_set_error (error, "module %u is bound and has no names of its functions", index);
    return -1;
  }
  if (d.time_stamp != 0) d.time_stamp = d.forwarder = 0;
  put_descriptor (to, &d);
  return 0;
}

int edit_block (edit_block_t *block, const pe_t *pe, uint32_t rva, const edit_request_t *request,
                pe_error_t *error) {
  uint16_t from[PE_IMPORTS_MAX];
  *block = (edit_block_t){0};
  int total = edit_order (pe, request, from, error);
  int position = total < 0 ? -1 : new_position (pe, request, from, total, error);
  if (position < 0) return -1;
  size_t thunk = pe->plus ? 8 : 4;
  size_t table = ((size_t) total + 2) * PE_DESCRIPTOR, lookup = pe_round_up (table, 16);
  size_t address = lookup + 2 * thunk, hint = address + 2 * thunk;
  size_t symbol_size =
      request->symbol != NULL ? pe_round_up (2 + strlen (request->symbol) + 1, 2) : 0;
  size_t name = hint + symbol_size, size = name + strlen (request->dll) + 1;
  if (strlen (request->dll) >= PE_NAME_MAX || symbol_size >= PE_NAME_MAX
      || rva > UINT32_MAX - (uint32_t) size) {
    pe_set_error (error, "the import table would be too large");
    return -1;
  }
  uint8_t *bytes = calloc (1, size);
  if (bytes == NULL) {
    pe_set_error (error, "out of memory");
    return -1;
  }
  *block = (edit_block_t){bytes, size, (uint32_t) table, rva + (uint32_t) address,
                          (uint32_t) (2 * thunk)};
  for (int i = 0, to = 0; i < total; i++, to++) {
    if (i == position) to++;
    if (edit_copy_descriptor (pe, from[i], bytes + (size_t) to * PE_DESCRIPTOR, error) == 0)
      continue;
    free (bytes);
    block->bytes = NULL;
    return -1;
  }
  pe_descriptor_t ours = {
      .lookup = rva + (uint32_t) lookup, .name = rva + (uint32_t) name, .address = block->address};
  put_descriptor (bytes + (size_t) position * PE_DESCRIPTOR, &ours);
  uint64_t value =
      request->symbol != NULL ? rva + hint : (1ull << (pe->plus ? 63 : 31)) | request->ordinal;
  if (pe->plus)
    pe_put64 (bytes + lookup, value), pe_put64 (bytes + address, value);
  else
    pe_put32 (bytes + lookup, (uint32_t) value), pe_put32 (bytes + address, (uint32_t) value);
  if (request->symbol != NULL)
    memcpy (bytes + hint + 2, request->symbol, strlen (request->symbol) + 1);
  memcpy (bytes + name, request->dll, strlen (request->dll) + 1);
  return 0;
}
