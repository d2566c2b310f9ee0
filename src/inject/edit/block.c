/* Makes the new import table: the order of the descriptors, and what they refer to.  */
#include "inject/edit/block.h"

#include <stdlib.h>
#include <string.h>

#include "inject/pe/imports.h"

/* Whether descriptor INDEX has the name NAME; -1 with the reason in ERROR if it cannot be read.  */
static int is_called (const struct pe *pe, unsigned index, const char *name,
                      struct pe_error *error) {
  char found[PE_NAME_MAX];
  struct pe_descriptor d;
  if (pe_import (pe, index, &d, found) != 1)
    return pe_fail (error, "damaged import table (the name of module %u)", index);
  return pe_name_is (found, name);
}

/* Append the descriptors called NAME to the N in FROM.  Returns how many were appended, or -1 if
   the table is damaged.  */
static int take (const struct pe *pe, const char *name, uint16_t *from, int n, int total,
                 uint8_t *taken, struct pe_error *error) {
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

int edit_order (const struct pe *pe, const struct edit_request *request, uint16_t *from,
                struct pe_error *error) {
  uint8_t taken[PE_IMPORTS_MAX] = {0};
  int total = pe_imports_num (pe), n = 0, ordered = 0;
  if (total < 0 || total >= PE_IMPORTS_MAX) return pe_fail (error, "damaged import table");
  for (unsigned i = 0; i < request->order_num; i++)
    ordered |= pe_name_is (request->order[i], request->dll);
  if (!ordered && (n = take (pe, request->dll, from, 0, total, taken, error)) < 0) return -1;
  for (unsigned i = 0; i < request->order_num; i++) {
    int moved = take (pe, request->order[i], from, n, total, taken, error);
    if (moved < 0) return -1;
    if (moved == 0 && !pe_name_is (request->order[i], request->dll)
        && pe_find_import (pe, request->order[i]) < 0) { /* else it was taken before */
      return pe_fail (error, "module '%.100s' of --order is not imported", request->order[i]);
    }
    n += moved;
  }
  for (int i = 0; i < total; i++)
    if (!taken[i]) from[n++] = (uint16_t) i;
  return total;
}

/* The index of the new descriptor: 0, or behind the DLLs that request->order names before it.  */
static int new_position (const struct pe *pe, const struct edit_request *request,
                         const uint16_t *from, int total, struct pe_error *error) {
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

/* Put D at P in the layout of the file.  */
static void put_descriptor (uint8_t *p, const struct pe_descriptor *d) {
  pe_put32 (p + PE_DESCRIPTOR_LOOKUP, d->lookup);
  pe_put32 (p + PE_DESCRIPTOR_TIME_STAMP, d->time_stamp);
  pe_put32 (p + PE_DESCRIPTOR_FORWARDER, d->forwarder);
  pe_put32 (p + PE_DESCRIPTOR_NAME, d->name);
  pe_put32 (p + PE_DESCRIPTOR_ADDRESS, d->address);
}

int edit_copy_descriptor (const struct pe *pe, unsigned index, uint8_t *to,
                          struct pe_error *error) {
  struct pe_descriptor d;
  if (pe_descriptor (pe, index, &d) != 1) return pe_fail (error, "damaged import table");
  if (d.time_stamp != 0 && pe_lookup_table (pe, &d) == d.address)
    return pe_fail (error, "module %u is bound and has no names of its functions", index);
  if (d.time_stamp != 0) d.time_stamp = d.forwarder = 0;
  put_descriptor (to, &d);
  return 0;
}

/* One more than the bytes of the names of all NUM DLLs, each with its terminating 0; 0 if a name
   cannot be read.  */
static size_t names_size (const struct pe *pe, int num) {
  char name[PE_NAME_MAX];
  struct pe_descriptor d;
  size_t size = 1;
  for (int i = 0; i < num; i++) {
    if (pe_import (pe, (unsigned) i, &d, name) != 1) return 0;
    size += strlen (name) + 1;
  }
  return size;
}

/* Offsets in the block; THUNK is a size.  */
struct layout {
  size_t thunk, table, lookup, address, hint, name, names, size;
};

/* Set *AT to where everything goes.  0, or -1 with the reason in ERROR.  */
static int lay_out (struct layout *at, const struct pe *pe, const struct edit_request *request,
                    int total, uint32_t rva, struct pe_error *error) {
  size_t symbol =
      request->symbol != NULL ? pe_round_up (PE_HINT + strlen (request->symbol) + 1, 2) : 0;
  size_t old_names = names_size (pe, total), dll = strlen (request->dll) + 1;
  at->thunk = pe_thunk_size (pe);
  at->table = ((size_t) total + 2) * PE_DESCRIPTOR;
  at->lookup = pe_round_up (at->table, 16);
  at->address = at->lookup + 2 * at->thunk;
  at->hint = at->address + 2 * at->thunk;
  at->name = at->hint + symbol;
  at->names = at->name + dll;
  at->size = at->names + old_names;
  if (old_names == 0 || dll > PE_NAME_MAX || symbol > PE_NAME_MAX
      || rva > UINT32_MAX - (uint32_t) at->size)
    return pe_fail (
        error, old_names == 0 ? "damaged import table" : "the import table would be too large");
  return 0;
}

/* Put the old descriptors around POSITION, with copies of their names: objdump looks for names only
   in the section that contains the table.  */
static int put_old (struct edit_block *block, const struct layout *at, const struct pe *pe,
                    uint32_t rva, const uint16_t *from, int total, int position,
                    struct pe_error *error) {
  size_t name = at->names;
  for (int i = 0; i < total; i++) {
    uint8_t *to = block->bytes + (size_t) (i < position ? i : i + 1) * PE_DESCRIPTOR;
    if (edit_copy_descriptor (pe, from[i], to, error) != 0) return -1;
    if (pe_string (pe, pe_u32 (to + PE_DESCRIPTOR_NAME), (char *) block->bytes + name,
                   at->size - name)
        != 0)
      return pe_fail (error, "damaged import table");
    pe_put32 (to + PE_DESCRIPTOR_NAME, rva + (uint32_t) name);
    name += strlen ((char *) block->bytes + name) + 1;
  }
  return 0;
}

/* Put our descriptor at POSITION, and what it refers to.  */
static void put_ours (const struct edit_block *block, const struct layout *at, const struct pe *pe,
                      uint32_t rva, const struct edit_request *request, int position) {
  struct pe_descriptor ours = {.lookup = rva + (uint32_t) at->lookup,
                               .name = rva + (uint32_t) at->name,
                               .address = rva + (uint32_t) at->address};
  uint8_t *bytes = block->bytes;
  uint64_t by_ordinal = 1ull << (pe->plus ? 63 : 31);
  uint64_t value = request->symbol != NULL ? rva + at->hint : by_ordinal | request->ordinal;
  put_descriptor (bytes + (size_t) position * PE_DESCRIPTOR, &ours);
  pe_put64 (bytes + at->lookup, value); /* two thunks of 32 bits: the value, then 0 */
  pe_put64 (bytes + at->address, value);
  if (request->symbol != NULL)
    memcpy (bytes + at->hint + PE_HINT, request->symbol, strlen (request->symbol) + 1);
  memcpy (bytes + at->name, request->dll, strlen (request->dll) + 1);
}

int edit_block (struct edit_block *block, const struct pe *pe, uint32_t rva,
                const struct edit_request *request, struct pe_error *error) {
  uint16_t from[PE_IMPORTS_MAX];
  struct layout at;
  *block = (struct edit_block) {0};
  int total = edit_order (pe, request, from, error);
  int position = total < 0 ? -1 : new_position (pe, request, from, total, error);
  if (position < 0 || lay_out (&at, pe, request, total, rva, error) != 0) return -1;
  block->bytes = calloc (1, at.size);
  block->size = at.size;
  block->table_size = (uint32_t) at.table;
  if (block->bytes == NULL) return pe_fail (error, "out of memory");
  if (put_old (block, &at, pe, rva, from, total, position, error) != 0) {
    free (block->bytes);
    block->bytes = NULL;
    return -1;
  }
  put_ours (block, &at, pe, rva, request, position);
  return 0;
}
