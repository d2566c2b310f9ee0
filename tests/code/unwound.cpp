// Exceptions through generated code.
#include "unwound.h"

#include <cstring>

typedef void (*callback_t) (void);
typedef void (*calls_back_t) (callback_t);

extern "C" const void *_Unwind_Find_FDE (void *pc, void *bases);

// LLVM's libunwind has it.
extern "C" void __unw_add_dynamic_eh_frame_section (uintptr_t) __attribute__ ((weak));

//---------------- Exceptions -----------------------------

static thread_local const uint8_t *const *next_addr;
static thread_local size_t left;
static thread_local int thrown;

static void call_next () {
  if (left == 0) throw thrown;
  const uint8_t *addr = *next_addr++;
  calls_back_t func;
  left--;
  std::memcpy (&func, &addr, sizeof (func));
  func (call_next);
}

int unwound_throw_deep (const uint8_t *const *addrs, size_t num, int value) {
  next_addr = addrs;
  left = num;
  thrown = value;
  try {
    call_next ();
  } catch (int caught) {
    return caught;
  }
  return -1;
}

int unwound_throw (const uint8_t *addr, int value) {
  return unwound_throw_deep (&addr, 1, value);
}

int unwound_follows_personalities () {
  return __unw_add_dynamic_eh_frame_section != nullptr;
}

int unwound_is_known (const uint8_t *pc) {
  void *bases[3];
  return _Unwind_Find_FDE (const_cast<uint8_t *> (pc), bases) != nullptr;
}
