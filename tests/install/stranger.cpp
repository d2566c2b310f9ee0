// A C++ program of a user: code from a space, and objects in a heap, without MIR's names or mimalloc's header.
#include <cstdint>
#include <cstdio>
#include <cstring>

#include "mir-alloc-api.h"
#include "mir-code.h"
#include "mir-heap.h"

int main () {
  const std::uint8_t bytes[] = {1, 2, 3, 4};
  MIR_code_space_t space;
  MIR_code_writer_t writer;
  std::uint8_t *code;
  if (MIR_alloc_version () != MIR_ALLOC_VERSION) return 1;
  if (MIR_code_space_create (nullptr, &space) != MIR_CODE_OK) return 1;
  if (MIR_code_writer_create (space, &writer) != MIR_CODE_OK) return 1;
  if (MIR_code_publish (writer, bytes, sizeof (bytes), nullptr, &code) != MIR_CODE_OK) return 1;
  if (std::memcmp (code, bytes, sizeof (bytes)) != 0) return 1;
  MIR_code_space_finish (space);

  MIR_zone_t zone;
  if (MIR_zone_create (nullptr, &zone) != MIR_HEAP_OK) return 1;
  if (MIR_malloc (&zone->alloc, 100) == nullptr) return 1;
  MIR_zone_finish (zone);
  std::puts ("stranger: code and a zone came and went");
}
