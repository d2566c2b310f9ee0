/* Prints what the demo has found.  */
#include "report.h"

#include <stdio.h>
#include <string.h>

#include "mir-code.h"
#include "compare.h"
#include "cpu-time.h"
#include "libpcap.h"

void report_help (void) {
  printf (
      "Usage: packet-filter [OPTION...] CAPTURE FILTER...\n"
      "\n"
      "Run classic BPF filters on recorded packets in up to three ways: interpreted, compiled\n"
      "to machine code, and by libpcap.  Check that all agree on each packet, and compare\n"
      "their speed.\n"
      "\n"
      "  CAPTURE      a pcap file, as tcpdump -w CAPTURE writes it; not pcapng\n"
      "  FILTER       a program, as tcpdump -ddd EXPRESSION prints it; the file may begin with\n"
      "               comment lines, which begin with #\n"
      "\n"
      "  --packets N  run each filter on N packets; the capture is repeated or cut (100000)\n"
      "  --rounds N   take each engine's CPU time N times, for the median, 1 to %d (15)\n"
      "  --swaps N    replace N filters while a thread runs them (2000)\n"
      "  --tools      tell perf and gdb the names of compiled filters\n"
      "  --trace FILE trace all allocations, for mir-report; not with --tools\n"
      "  -h, --help   show this text\n"
      "\n"
      "All work is done twice: in a context with the default allocators, for the table, and in\n"
      "one with counting allocators, for the lines below the table.\n"
      "\n"
      "The exit status is 0 if all engines agree; 1 if they do not or a file is bad, and 2 if an\n"
      "argument is bad, both with a line on standard error.\n",
      ROUNDS_MAX);
}

void report_capture (const struct runtime *rt, const struct options *options) {
  const struct capture *capture = &rt->capture;
  size_t len = VARR_LENGTH (packet_t, capture->packets);
  uint64_t first = VARR_GET (packet_t, capture->packets, 0).time;
  uint64_t last = VARR_LAST (packet_t, capture->packets).time;
  double seconds = 1e-9 * ((double) last - (double) first); /* the clock may have been set back */
  printf ("%s: %zu packets in %.1f s, link type %lu%s, up to %lu bytes of each kept\n",
          base_name (options->capture), len, seconds, (unsigned long) capture->link_type,
          capture->link_type == 1 ? " (Ethernet)" : "", (unsigned long) capture->snaplen);
  printf ("each filter runs on %zu packets; JIT: %s\n\n", options->packets, jit_name ());
  fflush (stdout); /* the engines take seconds */
}

/* Cells that need a JIT, libpcap or both; otherwise a dash.  */
struct cells {
  char code[16], jit[16], libpcap[16], gain[16];
};

static struct cells make_cells (const struct filter *filter, const double speed[ENGINES]) {
  struct cells cells = {"- ", "-", "-", "-"};
  if (libpcap_is_there)
    snprintf (cells.libpcap, sizeof (cells.libpcap), "%.1f", speed[LIBPCAP] * 1e-6);
  if (filter->func == NULL) return cells;
  snprintf (cells.code, sizeof (cells.code), "%zu%c", filter->code_len,
            filter->compiled_before ? '*' : ' ');
  snprintf (cells.jit, sizeof (cells.jit), "%.1f", speed[JIT] * 1e-6);
  if (libpcap_is_there)
    snprintf (cells.gain, sizeof (cells.gain), "%.1fx", speed[JIT] / speed[LIBPCAP]);
  return cells;
}

static void report_filter (const struct filter *filter, const struct options *options) {
  double speed[ENGINES];
  struct cells cells;
  for (int engine = 0; engine < ENGINES; engine++)
    speed[engine] =
        compare_median_speed (filter, (enum engine) engine, options->packets, options->rounds);
  cells = make_cells (filter, speed);
  printf ("%-22.22s %6zu %8s %9zu %13.1f %9s %9s %12s\n", filter->name,
          VARR_LENGTH (insn_t, filter->program.insns), cells.code, filter->matches,
          speed[INTERPRETER] * 1e-6, cells.jit, cells.libpcap, cells.gain);
}

void report_filters (const struct runtime *rt, const struct options *options) {
  int shared = 0;
  char unit[40];
  snprintf (unit, sizeof (unit), "million packets per %s", cpu_time_unit ());
  printf ("%-22s %6s %8s %9s %33s %12s\n", "", "", "code ", "", unit, "JIT against");
  printf ("%-22s %6s %8s %9s %13s %9s %9s %12s\n", "filter", "insns", "bytes ", "matches",
          "interpreter", "JIT", "libpcap", "libpcap");
  for (size_t i = 0; i < VARR_LENGTH (filter_t, rt->filters); i++) {
    const struct filter *filter = &VARR_ADDR (filter_t, rt->filters)[i];
    report_filter (filter, options);
    shared |= filter->func != NULL && filter->compiled_before;
  }
  if (shared) printf ("* the same program as an earlier filter, whose code is used again\n");
  printf ("\n");
}

void report_swaps (const struct runtime *rt, const struct swap_result *result) {
  MIR_code_stats_t stats = {.size = sizeof (stats)};
  (void) MIR_code_get_stats (MIR_get_code_space (rt->ctx), &stats);
  printf (
      "hot swap: %zu filters compiled, swapped in and freed while a thread ran %zu packets,\n"
      "%zu of them astray; now %zu code blocks are live, %zu bytes in %zu mapped (%s)\n\n",
      result->swaps, result->packets, result->astray, stats.pieces, stats.piece_bytes,
      stats.mapped_bytes, stats.backend);
}

void report_code_memory (void) {
  MIR_code_report_t report = {.size = sizeof (report)};
  if (MIR_code_probe (NULL, &report) != MIR_CODE_OK) return;
  printf ("code memory: %s", report.backend);
  for (size_t i = 0; i + 1 < report.verdicts_num; i++)
    printf ("; not %s: %s", report.verdicts[i].backend, report.verdicts[i].reason);
  printf ("%s\n\n", report.verdicts_num == 1 ? ", the first choice" : "");
}

void report_counters (const struct counting_alloc *data, const struct counting_code_alloc *code) {
  printf ("the same through vtables that count:\n");
  printf ("%-6s %11s %12s %15s %12s %10s %18s\n", "", "allocations", "peak bytes",
          "live at the end", "mapped bytes", "4K pages", "protection changes");
  printf ("%-6s %11zu %12zu %15zu %12s %10s %18s\n", "data", data->calls, data->peak_bytes,
          data->live_bytes, "-", "-", "-");
  printf ("%-6s %11zu %12zu %15zu %12zu %10zu %18zu\n\n", "code", code->maps, code->peak_bytes,
          code->live_bytes, code->mapped_bytes, code->mapped_bytes / 4096, code->protects);
}

void report_trace (const struct counting_alloc *data, const char *path) {
  printf ("traced: %zu allocations, %zu bytes at the peak, %zu live at the end: %s\n\n",
          data->calls, data->peak_bytes, data->live_bytes, path);
}

void report_agreement (const struct options *options) {
  static const char *const engines[2][2] = {
      {"no two engines to", "interpreter and libpcap"},
      {"interpreter and JIT", "interpreter, JIT and libpcap"}};
  printf ("all %zu packets x %zu filters: %s agree\n", options->packets, options->filters_num,
          engines[jit_native_abi != NULL][libpcap_is_there]);
}
