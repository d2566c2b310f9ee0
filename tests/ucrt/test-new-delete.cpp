// Every form of new and delete goes to the DLL's mimalloc, whether it has taken over the C runtime
// or not.
#include <cstdint>
#include <cstdlib>
#include <cstring>
#include <string>
#include <vector>

#include "adapters/mir-new-delete.hpp"
#include "mir-ucrt.h"
#include "support/tap.h"

static int is_ours (const void *p) {
  return mi_is_in_heap_region (p) ? 1 : 0;
}

static void every_form_gives_blocks_of_mimalloc () {
  struct alignas (256) wide {
    char bytes[300];
  };
  int *one = new int (5), *many = new int[100], *quiet = new (std::nothrow) int[100];
  wide *aligned = new wide, *all_aligned = new (std::nothrow) wide[3];
  CHECK_INT (
      is_ours (one) + is_ours (many) + is_ours (quiet) + is_ours (aligned) + is_ours (all_aligned),
      5);
  CHECK_INT (reinterpret_cast<std::uintptr_t> (aligned) % 256, 0);
  CHECK_INT (reinterpret_cast<std::uintptr_t> (all_aligned) % 256, 0);
  delete one;
  delete[] many;
  delete[] quiet;
  delete aligned;
  delete[] all_aligned;
  std::vector<std::string> strings;
  for (std::size_t i = 0; i < 1000; i++) strings.push_back (std::string (i, 'x'));
  CHECK_INT (is_ours (strings.data ()), 1);
  CHECK_INT (strings[999].size (), 999);
  ::operator delete (nullptr);
}

static int handler_calls;

static void third_time_none () {
  if (++handler_calls == 3) std::set_new_handler (nullptr);
}

static void new_handler_is_asked_until_there_is_none () {
  volatile std::size_t huge = SIZE_MAX / 4;
  int thrown = 0;
  handler_calls = 0;
  std::set_new_handler (third_time_none);
  try {
    ::operator delete (::operator new (huge));
  } catch (const std::bad_alloc &) {
    thrown = 1;
  }
  CHECK_INT (thrown, 1);
  CHECK_INT (handler_calls, 3);
  CHECK_PTR (::operator new (huge, std::nothrow), nullptr);
  CHECK_PTR (::operator new[] (huge, std::align_val_t (64), std::nothrow), nullptr);
}

static void a_block_of_the_c_runtime_goes_back_to_it () {
  const MIR_ucrt_status_t *status = MIR_ucrt_status ();
  void *volatile hidden = std::malloc (100);  // else the compiler warns of what is tested
  void *block = hidden;
  REQUIRE (block != nullptr);
  CHECK_INT (is_ours (block), status->state == MIR_UCRT_ACTIVE);
  std::memset (block, 1, 100);
  ::operator delete (block);
  block = _aligned_malloc (100, 64);
  REQUIRE (block != nullptr);
  ::operator delete (block, std::align_val_t (64));
}

int main () {
  tap_note ("state %d", static_cast<int> (MIR_ucrt_status ()->state));
  TEST_RUN (every_form_gives_blocks_of_mimalloc);
  TEST_RUN (new_handler_is_asked_until_there_is_none);
  TEST_RUN (a_block_of_the_c_runtime_goes_back_to_it);
  return tap_done ();
}
