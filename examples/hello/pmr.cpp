// Containers of std::pmr in a heap of their own, which is freed as a whole.
//
//     c++ -std=c++17 pmr.cpp -o pmr $(pkg-config --cflags --libs mir-alloc)
#include <adapters/mir-pmr.hpp>
#include <mir-heap.h>

#include <cstdio>
#include <map>
#include <new>
#include <string>

int main () {
  MIR_heap_t heap;
  MIR_heap_status_t status = MIR_heap_create (&heap);
  if (status != MIR_HEAP_OK) {
    std::fprintf (stderr, "pmr: %s\n", MIR_heap_status_text (status));
    return status == MIR_HEAP_NOT_SUPPORTED ? 77 : 1;
  }
  int failed = 0;
  try {
    mir::memory_resource resource (&heap->alloc);
    std::pmr::map<std::pmr::string, int> counts (&resource);
    for (const char *word : {"a rose", "is", "a rose", "is", "a rose"}) ++counts[word];
    for (const auto &[word, n] : counts) std::printf ("%s: %d\n", word.c_str (), n);
  } catch (const std::bad_alloc &) {
    std::fprintf (stderr, "pmr: out of memory\n");
    failed = 1;
  }
  MIR_heap_finish (heap);  // with every block that is still live in it
  return failed;
}
