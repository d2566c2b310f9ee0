// A C++ program with a runtime library of its own: exceptions, containers, threads' destructors,
// and foreign objects when the DLL comes late.  Without tap.h, which is C: one line of TAP, and the
// exit status.
#include <cstdio>
#include <cstdlib>
#include <cstdint>
#include <exception>
#include <malloc.h>
#include <map>
#include <memory>
#include <new>
#include <sstream>
#include <stdexcept>
#include <string>
#include <vector>

#include "ucrt/fixture.h"

static int failures;

static void check (bool ok, const char *what) {
  if (ok) return;
  std::printf ("# failed: %s\n", what);
  failures++;
}

static int thrown_to_depth (int depth) {
  std::string text (static_cast<std::size_t> (depth) * 10, 'x');
  if (depth == 0) throw std::runtime_error ("from below " + text);
  try {
    return thrown_to_depth (depth - 1);
  } catch (std::runtime_error &e) {
    if (depth % 2 == 0) throw;
    throw std::runtime_error (std::string (e.what ()) + " through " + text);
  }
}

static void exceptions () {
  bool caught = false;
  try {
    thrown_to_depth (20);
  } catch (const std::exception &e) {
    caught = std::string (e.what ()).find ("from below") == 0;
  }
  check (caught, "an exception goes through twenty frames");
  volatile std::size_t size = static_cast<std::size_t> (-1) / 2;
  caught = false;
  try {
    ::operator delete (::operator new (size));
  } catch (const std::bad_alloc &) {
    caught = true;
  }
  check (caught, "bad_alloc");
  check (::operator new (size, std::nothrow) == nullptr, "nothrow new gives nullptr");
}

// On x86 GNU's exceptions cannot pass frames of the runtime's own functions, either.
#ifdef __x86_64__
extern "C" __declspec (dllimport) int _set_new_mode (int);
extern "C" __declspec (dllimport) void *_set_new_handler (int (*) (std::size_t));

static int throwing_handler (std::size_t size) {
  throw std::length_error (std::to_string (size));
}

// The runtime's new handler throws through our functions, which have no unwind handlers.
template <typename Call>
static void throw_through (const char *what, Call call) {
  std::string asked;
  try {
    call ();
  } catch (const std::length_error &e) {
    asked = e.what ();
  }
  check (!asked.empty (), what);
}

static void exceptions_of_handlers () {
  _set_new_handler (throwing_handler);
  if (_set_new_handler (throwing_handler) == nullptr)
    return;  // Wine's own runtime keeps no handler
  _set_new_mode (1);
  volatile std::size_t size = static_cast<std::size_t> (-1) / 4;
  void *volatile p = std::malloc (100);
  // Hides their declarations, which say that they never throw.
  void *(*volatile one) (std::size_t) = std::malloc;
  void *(*volatile two) (std::size_t, std::size_t) = std::calloc;
  void *(*volatile another) (void *, std::size_t) = std::realloc;
  void *(*volatile aligned) (std::size_t, std::size_t) = _aligned_malloc;
  throw_through ("malloc", [&] { p = one (size); });
  throw_through ("calloc", [&] { p = two (1, size); });
  throw_through ("realloc", [&] { p = another (p, size); });
  throw_through ("_aligned_malloc", [&] { p = aligned (size, 64); });
  _set_new_mode (0);
  _set_new_handler (nullptr);
  if (fixture_expects_dll ()) check (fixture_is_ours (p) == 1, "realloc left the block");
  std::free (p);
}
#else
static void exceptions_of_handlers () {}
#endif

int main () {
  std::map<int, std::string> names;
  std::vector<std::unique_ptr<std::vector<int>>> vectors;
  for (int i = 0; i < 2000; i++) {
    names[i] = std::string (static_cast<std::size_t> (i % 100), static_cast<char> ('a' + i % 26));
    vectors.push_back (std::make_unique<std::vector<int>> (i % 50, i));
  }
  if (fixture_load_late () != 0) return 1;
  for (int i = 0; i < 2000; i++) {
    check (
        names[i]
            == std::string (static_cast<std::size_t> (i % 100), static_cast<char> ('a' + i % 26)),
        "string");
    names[i] += names[(i * 7) % 2000];
    vectors[static_cast<std::size_t> (i)]->resize (static_cast<std::size_t> (i % 300), 5);
    if (i % 3 == 0) names.erase (i);
    if (i % 5 == 0) vectors[static_cast<std::size_t> (i)].reset ();
  }
  std::ostringstream stream;
  for (int i = 0; i < 1000; i++) stream << i << ' ';
  check (stream.str ().size () == 3890, "stream");
  exceptions ();
  exceptions_of_handlers ();
  int *p = new int[100];
  struct alignas (128) wide {
    char bytes[256];
  };
  auto over_aligned = std::make_unique<wide> ();
  check (reinterpret_cast<std::uintptr_t> (over_aligned.get ()) % 128 == 0, "over-aligned new");
  if (fixture_expects_dll ()) {
    check (fixture_is_ours (p) == 1, "new gives our block");
    check (fixture_check () == 0, "the DLL's own check");
  }
  delete[] p;
  std::printf (failures == 0 ? "ok 1 - cpp\n1..1\n# 1 passed, 0 failed, 0 skipped\n"
                             : "not ok 1 - cpp\n1..1\n# 0 passed, 1 failed, 0 skipped\n");
  return failures != 0;
}
