// A C++ allocator interface that knows nothing of MIR, used as the allocator of a context: the
// example of MIR's CUSTOM-ALLOCATORS text, made to compile, and with its sizes checked.
#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <cstdlib>
#include <cstring>

#include "mir-varr.h"
#include "mir.h"
#include "support/machine-code.h"
#include "support/tap.h"

DEF_VARR (int)

namespace {

class my_allocator {
 public:
  virtual ~my_allocator () = default;
  virtual void *allocate (std::size_t size) = 0;  // nullptr on failure
  virtual void deallocate (void *ptr) = 0;
};

class context {
 public:
  explicit context (my_allocator &allocator)
      : allocator_{allocator},
        mir_alloc_{&do_malloc, &do_calloc, &do_realloc, &do_free, this},
        mir_context_{MIR_init2 (&mir_alloc_, nullptr)} {}
  ~context () { MIR_finish (mir_context_); }
  context (const context &) = delete;  // the context keeps a pointer to mir_alloc_
  context &operator= (const context &) = delete;

  MIR_context_t get () const { return mir_context_; }

 private:
  static my_allocator &allocator_of (void *user_data) {
    return static_cast<context *> (user_data)->allocator_;
  }

  static void *do_malloc (std::size_t size, void *user_data) {
    return allocator_of (user_data).allocate (size);
  }

  static void *do_calloc (std::size_t num, std::size_t size, void *user_data) {
    if (size != 0 && num > SIZE_MAX / size) return nullptr;
    void *ptr = allocator_of (user_data).allocate (num * size);
    if (ptr != nullptr) std::memset (ptr, 0, num * size);
    return ptr;
  }

  // The interface has no realloc: copy as many bytes as the old size, which MIR passes.
  static void *do_realloc (void *ptr, std::size_t old_size, std::size_t new_size, void *user_data) {
    void *new_ptr = allocator_of (user_data).allocate (new_size);
    if (new_ptr == nullptr) return nullptr;
    if (ptr != nullptr) {
      std::memcpy (new_ptr, ptr, std::min (old_size, new_size));
      allocator_of (user_data).deallocate (ptr);
    }
    return new_ptr;
  }

  static void do_free (void *ptr, void *user_data) {
    if (ptr != nullptr) allocator_of (user_data).deallocate (ptr);
  }

  my_allocator &allocator_;
  MIR_alloc mir_alloc_;
  MIR_context_t mir_context_;
};

class counting_allocator : public my_allocator {
 public:
  void *allocate (std::size_t size) override {
    if (left_ == 0) return nullptr;
    left_--;
    void *ptr = std::malloc (size);
    live += ptr != nullptr;
    return ptr;
  }
  void deallocate (void *ptr) override {
    live--;
    std::free (ptr);
  }
  void fail_after (std::size_t successes) { left_ = successes; }
  std::size_t live = 0;

 private:
  std::size_t left_ = SIZE_MAX;
};

void a_cpp_allocator_serves_a_context () {
  counting_allocator allocator;
  {
    context ctx{allocator};
    std::uint8_t code[CODE_LEN];
    REQUIRE (ctx.get () != nullptr);
    CHECK (allocator.live > 0);
    code_returning (code, 7);
    CHECK_INT (code_call (_MIR_publish_code (ctx.get (), code, CODE_LEN)), 7);

    VARR (int) *ints;
    VARR_CREATE (int, ints, MIR_get_alloc (ctx.get ()), 0);
    for (int i = 0; i < 10000; i++) VARR_PUSH (int, ints, i);
    CHECK_INT (VARR_GET (int, ints, 9999), 9999);
    VARR_TAILOR (int, ints, 10);
    CHECK_INT (VARR_GET (int, ints, 9), 9);
    VARR_DESTROY (int, ints);
  }
  CHECK_INT (allocator.live, 0);
}

void calloc_is_zeroed_and_its_product_checked () {
  counting_allocator allocator;
  context ctx{allocator};
  REQUIRE (ctx.get () != nullptr);
  MIR_alloc_t alloc = MIR_get_alloc (ctx.get ());
  auto *bytes = static_cast<unsigned char *> (MIR_calloc (alloc, 33, 3));
  REQUIRE (bytes != nullptr);
  CHECK (std::all_of (bytes, bytes + 99, [] (unsigned char byte) { return byte == 0; }));
  MIR_free (alloc, bytes);
  CHECK_PTR (MIR_calloc (alloc, SIZE_MAX / 2, 4), nullptr);
}

void a_refusing_cpp_allocator_makes_no_context () {
  counting_allocator allocator;
  allocator.fail_after (0);
  context ctx{allocator};
  CHECK_PTR (ctx.get (), nullptr);
  CHECK_INT (allocator.live, 0);
}

}  // namespace

int main () {
  TEST_RUN (a_cpp_allocator_serves_a_context);
  TEST_RUN (calloc_is_zeroed_and_its_product_checked);
  TEST_RUN (a_refusing_cpp_allocator_makes_no_context);
  return tap_done ();
}
