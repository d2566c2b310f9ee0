// Times linking, looking up and freeing functions with each memory manager: the CPU time of the
// process, all managers in turns, with one thread and with four.
#include <cstdlib>
#include <cstring>
#include <string>
#include <thread>
#include <unistd.h>
#include <vector>

#include "bench.h"
#include "ways.h"

namespace {

constexpr std::size_t THREADS = 4;

struct times {
  double link[BENCH_MAX_SIDES][BENCH_ROUNDS], free[BENCH_MAX_SIDES][BENCH_ROUNDS];
};

// Run JOB (first, end) for all functions, in THREADS threads.
template <typename job>
void divide (std::size_t num, std::size_t threads, job run) {
  std::vector<std::thread> others;
  for (std::size_t i = 1; i < threads; i++)
    others.emplace_back (run, num * i / threads, num * (i + 1) / threads);
  run (0, num / threads);
  for (std::thread &other : others) other.join ();
}

// The nanoseconds a function that JOB takes.
template <typename job>
double time_of (std::size_t num, std::size_t threads, job run) {
  double start = bench_cpu_ns (1);
  divide (num, threads, run);
  return (bench_cpu_ns (1) - start) / static_cast<double> (num);
}

void run_round (const functions &all, std::size_t num, const way &way, std::size_t threads,
                double &link, double &free) {
  using std::size_t;
  session s (way, all, num);
  link = time_of (num, threads, [&s] (size_t first, size_t end) { s.link (first, end); });
  if (s.call () != 0) bench_fail ("wrong result");
  free = time_of (num, threads, [&s] (size_t first, size_t end) { s.free (first, end); });
}

void compare (const functions &all, std::size_t num, const char *linker,
              const std::vector<way> &ways, std::size_t threads, int rounds) {
  static times ns;
  const char *names[BENCH_MAX_SIDES];
  for (std::size_t i = 0; i < ways.size (); i++) names[i] = ways[i].name;
  for (int round = -1; round < rounds; round++)  // round -1 warms up
    for (std::size_t i = 0; i < ways.size (); i++) {
      std::size_t side = (i + static_cast<std::size_t> (round + 1)) % ways.size ();
      double link, free;
      run_round (all, num, ways[side], threads, link, free);
      if (round < 0) continue;
      ns.link[side][round] = link;
      ns.free[side][round] = free;
    }
  std::string about = std::string (linker) + ", " + std::to_string (num) + " functions, "
                      + std::to_string (threads) + (threads == 1 ? " thread: " : " threads: ");
  bench_times ((about + "link and look up").c_str (), names, ways.size (), ns.link, rounds);
  bench_times ((about + "free").c_str (), names, ways.size (), ns.free, rounds);
}

// Start this program again with the functions in a memory file: what the compiler leaves behind in the heap makes
// LLVM slower.
void start_again (char **argv, std::size_t num) {
  std::string descriptor = std::to_string (save_functions (compile_functions (num)));
  setenv ("BENCH_LLVM_FUNCTIONS", descriptor.c_str (), 1);
  execv ("/proc/self/exe", argv);
  bench_fail ("cannot start again");
}

}  // namespace

// link [CSV [FUNCTIONS ROUNDS]]
int main (int argc, char **argv) {
  struct size {
    std::size_t functions;
    int rounds;
  };
  std::vector<size> sizes = {{1000, 15}, {20000, 3}};
  if (argc > 3) sizes = {{std::strtoul (argv[2], nullptr, 10), std::atoi (argv[3])}};
  const char *file = std::getenv ("BENCH_LLVM_FUNCTIONS");
  if (file == nullptr) start_again (argv, sizes.back ().functions);
  bench_start (argc, argv);
  functions all = load_functions (std::atoi (file));
  for (size size : sizes)
    for (std::size_t threads : {std::size_t (1), THREADS}) {
      compare (all, size.functions, "JITLink", jitlink_ways, threads, size.rounds);
      compare (all, size.functions, "RuntimeDyld", rtdyld_ways, threads, size.rounds);
    }
  return 0;
}
