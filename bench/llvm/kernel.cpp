// Counts what each memory manager costs the system: memory for each byte of linked content, mappings and
// system calls.
//
// Each manager works in a new process, which is traced (../code/trace.h).  Memory is that of the mappings which the
// manager has made, as the kernel sees it (proc_pid_smaps(5)): pages that are mapped twice count once.  Content is the
// bytes of the sections that the linker asks for.  malloc makes no mappings here.
#include <cinttypes>
#include <cstdint>
#include <cstdio>
#include <cstdlib>
#include <cstring>
#include <malloc.h>
#include <map>
#include <string>
#include <unistd.h>
#include <vector>

#include "bench.h"
#include "ways.h"

extern "C" {
#include "code/trace.h"
}

namespace {

// The phases of the tracer, by other names.
enum { LINK = TRACE_PUBLISH, FREE = TRACE_PATCH };

struct figures {
  double content, linked, bookkeeping, mappings, freed;  // bytes but for the mappings
  double own_calls;
};

struct mapping {
  bool is_shared;
  double bytes;  // shared pages count by this mapping's part of them
};

// The mappings of this process by their first address.
std::map<std::uint64_t, mapping> mappings_now () {
  std::map<std::uint64_t, mapping> mappings;
  std::uint64_t start = 0;
  char line[512], access[5];
  unsigned long kib;
  FILE *smaps = std::fopen ("/proc/self/smaps", "r");
  if (smaps == nullptr) bench_fail ("/proc/self/smaps");
  while (std::fgets (line, sizeof (line), smaps) != nullptr)
    if (std::sscanf (line, "%" SCNx64 "-%*x %4s", &start, access) == 2)
      mappings[start] = {access[3] == 's', 0};
    else if (std::sscanf (line, "Pss: %lu", &kib) == 1)
      mappings[start].bytes = static_cast<double> (kib) * 1024;
  std::fclose (smaps);
  return mappings;
}

// The bytes of the mappings of MEMORY: those in its range and the shared ones, which are other views of it; for a
// store that has no range all that are new since BEFORE.
double bytes_of (const store &memory, const std::map<std::uint64_t, mapping> &before) {
  double bytes = 0;
  auto [range, len] = memory.range ();
  for (auto &[start, one] : mappings_now ())
    if (before.count (start) == 0 && (len == 0 || one.is_shared || start - range < len))
      bytes += one.bytes;
  return bytes;
}

// Work with WAY and write the figures to OUT.
void work (const way &way, std::size_t num, const functions &all, int out) {
  figures figures = {};
  mallopt (M_MMAP_THRESHOLD, 1 << 30);
  {
    session warm_up (way, all, 1);
    warm_up.link (0, 1);
    warm_up.free (0, 1);
  }
  auto before = mappings_now ();
  content_bytes = 0;
  session s (way, all, num);
  trace_mark (LINK);
  s.link (0, num);
  trace_mark (TRACE_END);
  if (s.call () != 0) bench_fail ("wrong result");
  figures.content = static_cast<double> (content_bytes);
  figures.linked = bytes_of (s.memory (), before);
  figures.bookkeeping = static_cast<double> (s.memory ().bookkeeping ());
  figures.own_calls = static_cast<double> (s.memory ().system_calls ());
  figures.mappings =
      static_cast<double> (mappings_now ().size ()) - static_cast<double> (before.size ());
  trace_mark (FREE);
  s.free (0, num);
  trace_mark (TRACE_END);
  figures.freed = bytes_of (s.memory (), before);
  trace_mark (TRACE_NO_MORE);
  if (write (out, &figures, sizeof (figures)) != sizeof (figures)) bench_fail ("write");
}

// Run the way I of LINKER in a new process.
figures start (const char *linker, std::size_t i, std::size_t num, int file, trace_counts &counts) {
  std::string number = std::to_string (i), functions = std::to_string (num),
              from = std::to_string (file);
  figures figures;
  int ends[2];
  if (pipe (ends) != 0) bench_fail ("pipe");
  std::string descriptor = std::to_string (ends[1]);
  std::vector<const char *> args = {
      "worker", linker, number.c_str (), functions.c_str (), from.c_str (), descriptor.c_str (),
      nullptr};
  trace_self (const_cast<char *const *> (args.data ()), &counts);
  if (read (ends[0], &figures, sizeof (figures)) != sizeof (figures)) bench_fail ("no figures");
  close (ends[0]);
  close (ends[1]);
  return figures;
}

void report (const std::string &subject, const std::vector<way> &ways,
             const std::vector<double> &values, const char *unit) {
  std::printf ("%s\n", subject.c_str ());
  for (std::size_t i = 0; i < ways.size (); i++)
    bench_count (subject.c_str (), ways[i].name, unit, values[i]);
}

void count (const char *linker, const std::vector<way> &ways, std::size_t num, int file) {
  std::vector<double> content, memory, total, mappings, link_calls, own_calls, free_calls, freed;
  for (std::size_t i = 0; i < ways.size (); i++) {
    trace_counts counts;
    figures f = start (linker, i, num, file, counts);
    content.push_back (f.content / static_cast<double> (num));
    memory.push_back (f.linked / (content[0] * static_cast<double> (num)));
    total.push_back ((f.linked + f.bookkeeping) / (content[0] * static_cast<double> (num)));
    mappings.push_back (f.mappings);
    link_calls.push_back (static_cast<double> (counts.calls[LINK]));
    own_calls.push_back (f.own_calls);
    free_calls.push_back (static_cast<double> (counts.calls[FREE]));
    freed.push_back (f.freed / 1024);
  }
  std::string about = std::string (linker) + ", " + std::to_string (num) + " functions: ";
  report (about + "content of a function", {ways[0]}, content, "bytes");
  report (about + "memory for each byte of content", ways, memory, "bytes");
  report (about + "the same with bookkeeping", ways, total, "bytes");
  report (about + "mappings", ways, mappings, "mappings");
  report (about + "system calls of the process to link", ways, link_calls, "calls");
  report (about + "system calls by the own account", ways, own_calls, "calls");
  report (about + "system calls of the process to free", ways, free_calls, "calls");
  report (about + "memory after freeing", ways, freed, "KiB");
}

}  // namespace

// kernel [CSV [FUNCTIONS]]
int main (int argc, char **argv) {
  if (argc == 6 && std::strcmp (argv[0], "worker") == 0) {
    auto &ways = std::strcmp (argv[1], "JITLink") == 0 ? jitlink_ways : rtdyld_ways;
    functions all = load_functions (std::atoi (argv[4]));
    work (ways[std::strtoul (argv[2], nullptr, 10)], std::strtoul (argv[3], nullptr, 10), all,
          std::atoi (argv[5]));
    return 0;
  }
  bench_start (argc, argv);
  std::vector<std::size_t> nums = {1000, 20000};
  if (argc > 2) nums = {std::strtoul (argv[2], nullptr, 10)};
  int file = save_functions (compile_functions (nums.back ()));
  for (std::size_t num : nums) {
    count ("JITLink", jitlink_ways, num, file);
    count ("RuntimeDyld", rtdyld_ways, num, file);
  }
  return 0;
}
