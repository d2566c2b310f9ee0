/* The program: reads the arguments, compares the engines and replaces filters while they run.  */
#include <ctype.h>
#include <errno.h>
#include <stdio.h>
#include <string.h>
#include <sys/prctl.h>

#include "compare.h"
#include "libpcap.h"
#include "llvm-runtime.h"
#include "output.h"
#include "relink.h"

/* Of <linux/prctl.h>, which may be older than the kernel.  */
enum { SET_MDWE = 65, REFUSE_EXEC_GAIN = 1 };

#define PACKETS_MAX 1000000000
#define SWAPS_MAX 10000000

struct options {
  const char *capture;
  char **filters;
  size_t filters_num;
  enum linker_manager manager;
  size_t packets; /* to run each filter on */
  size_t swaps;   /* of filters that a thread is running */
  int mdwe;       /* no memory of this process may become executable */
};

struct job {
  struct options options;
  int argc;
  char **argv;
  int help; /* is all that is wanted */
  struct llvm_runtime lr;
};

/*---------------- The output -----------------------------*/

static const char *manager_name (const struct options *options) {
  return options->manager == LINKER_MIR ? "adapters/mir-llvm.hpp" : "LLVM's own";
}

static void report_help (void) {
  printf (
      "usage: llvm-filter [OPTION...] CAPTURE FILTER...\n"
      "\n"
      "Run classic BPF filters on recorded packets in up to four ways: interpreted, compiled by\n"
      "packet-filter's compiler, compiled by LLVM and linked by ORC, and by libpcap.  Check that\n"
      "all agree on each packet.  Then link filters anew and free the old ones, while a thread\n"
      "runs packets through them.\n"
      "\n"
      "  CAPTURE      a pcap file, as tcpdump -w CAPTURE writes it; not pcapng\n"
      "  FILTER       a program, as tcpdump -ddd EXPRESSION prints it; the file may begin with\n"
      "               comment lines, which begin with #\n"
      "\n"
      "  --manager M  where ORC's memory comes from: mir, a code space through the adapter, or\n"
      "               llvm, LLVM's own manager (mir)\n"
      "  --mdwe       forbid this process to make memory executable (PR_SET_MDWE, Linux 6.3)\n"
      "  --packets N  run each filter on N packets; the capture is repeated or cut (100000)\n"
      "  --swaps N    replace N filters while a thread runs them (2000)\n"
      "  -h, --help   show this text\n"
      "\n"
      "The exit status is 0 if all engines agree; 1 if they do not, a file is bad or memory is\n"
      "refused; 2 if an argument is bad.  A line on standard error says which.\n");
}

static void report_filters (struct llvm_runtime *lr, const struct options *options) {
  printf ("each filter runs on %zu packets; ORC's memory: %s%s\n\n", options->packets,
          manager_name (options), options->mdwe ? ", under PR_SET_MDWE" : "");
  printf ("%-22s %6s %9s %10s %11s\n", "filter", "insns", "matches", "JIT bytes", "LLVM bytes");
  for (size_t i = 0; i < options->filters_num; i++) {
    const struct filter *filter = &VARR_ADDR (filter_t, lr->rt.filters)[i];
    printf ("%-22.22s %6zu %9zu %10zu %11zu\n", filter->name,
            VARR_LENGTH (insn_t, filter->program.insns), filter->matches, filter->code_len,
            VARR_ADDR (llvm_filter_t, lr->filters)[i].object.code_len);
  }
  printf ("\n");
}

static void report_swaps (const struct llvm_runtime *lr, const struct relink_result *result) {
  MIR_code_stats_t stats = {.size = sizeof (stats)};
  printf (
      "hot swap: %zu filters linked, swapped in and freed while a thread ran %zu packets,\n"
      "%zu of them astray; the freed filters had counted %zu of %zu matches\n",
      result->swaps, result->packets, result->astray, result->counted, result->matches);
  if (linker_space (lr->linker) != NULL
      && MIR_code_get_stats (linker_space (lr->linker), &stats) == MIR_CODE_OK)
    printf ("now %zu code blocks are live, %zu bytes in %zu mapped, the peak was %zu (%s)\n",
            stats.pieces, stats.piece_bytes, stats.mapped_bytes, stats.peak_mapped_bytes,
            stats.backend);
  printf ("\n");
}

static void report_agreement (const struct options *options) {
  printf ("all %zu packets x %zu filters: interpreter%s, LLVM%s agree\n", options->packets,
          options->filters_num, jit_native_abi != NULL ? ", JIT" : "",
          libpcap_is_there ? " and libpcap" : "");
}

/*---------------- The arguments -----------------------------*/

static size_t parse_number (const char *option, const char *text, size_t max) {
  size_t number = 0;
  for (const char *p = text; p != NULL && isdigit ((unsigned char) *p) && number <= max; p++) {
    number = number * 10 + (size_t) (*p - '0');
    if (p[1] == '\0' && number > 0 && number <= max) return number;
  }
  fail (MIR_wrong_param_value_error, "%s needs a number from 1 to %zu", option, max);
}

static enum linker_manager parse_manager (const char *text) {
  if (text != NULL && strcmp (text, "mir") == 0) return LINKER_MIR;
  if (text != NULL && strcmp (text, "llvm") == 0) return LINKER_LLVM;
  fail (MIR_wrong_param_value_error, "--manager is mir or llvm");
}

/* Fails on bad ones.  */
static void parse_arguments (void *arg) {
  struct job *job = (struct job *) arg;
  struct options options = {.packets = 100000, .swaps = 2000};
  int argc = job->argc, i = 1;
  char **argv = job->argv;
  /* argv[argc] is NULL, so argv[i + 1] may be read.  */
  for (; i < argc && argv[i][0] == '-'; i++) {
    if (strcmp (argv[i], "--") == 0) {
      i++;
      break;
    } else if (strcmp (argv[i], "--help") == 0 || strcmp (argv[i], "-h") == 0) {
      job->help = 1;
      return;
    } else if (strcmp (argv[i], "--manager") == 0) {
      options.manager = parse_manager (argv[i + 1]);
      i++;
    } else if (strcmp (argv[i], "--packets") == 0) {
      options.packets = parse_number (argv[i], argv[i + 1], PACKETS_MAX);
      i++;
    } else if (strcmp (argv[i], "--swaps") == 0) {
      options.swaps = parse_number (argv[i], argv[i + 1], SWAPS_MAX);
      i++;
    } else if (strcmp (argv[i], "--mdwe") == 0) {
      options.mdwe = 1;
    } else {
      fail (MIR_wrong_param_value_error, "unknown option %s", argv[i]);
    }
  }
  if (argc - i < 2) fail (MIR_wrong_param_value_error, "name a capture and at least one filter");
  options.capture = argv[i];
  options.filters = argv + i + 1;
  options.filters_num = (size_t) (argc - i - 1);
  job->options = options;
}

/*---------------- The work -----------------------------*/

/* As for a hardened service (systemd.exec(5), MemoryDenyWriteExecute=): no memory that was mapped
   without being executable can become so, and none can be mapped writable and executable.  */
static void deny_write_then_execute (void) {
  if (prctl (SET_MDWE, REFUSE_EXEC_GAIN, 0, 0, 0) != 0)
    fail (MIR_wrong_param_value_error, "--mdwe: %s", strerror (errno));
}

static void swap (struct llvm_runtime *lr, size_t swaps) {
  struct relink_result result;
  relink_filters (lr, swaps, &result);
  report_swaps (lr, &result);
  if (result.astray != 0)
    fail (MIR_func_error, "hot swap: %zu of %zu packets went astray", result.astray,
          result.packets);
  if (result.counted != result.matches)
    fail (MIR_func_error, "hot swap: %zu matches, of which the filters counted %zu", result.matches,
          result.counted);
}

static void work (struct job *job) {
  struct llvm_runtime *lr = &job->lr;
  const struct options *options = &job->options;
  struct linker_options linker_options = {.manager = options->manager};
  if (options->mdwe) deny_write_then_execute ();
  llvm_runtime_init (lr, &linker_options);
  capture_load (&lr->rt.capture, MIR_get_alloc (lr->rt.ctx), options->capture);
  for (size_t i = 0; i < options->filters_num; i++)
    llvm_runtime_add_filter (lr, options->filters[i]);
  for (size_t i = 0; i < options->filters_num; i++) {
    compare_results (&lr->rt, &VARR_ADDR (filter_t, lr->rt.filters)[i], options->packets);
    llvm_runtime_compare (lr, i, options->packets);
  }
  report_filters (lr, options);
  swap (lr, options->swaps);
  report_agreement (options);
}

static void run (void *arg) {
  struct job *job = (struct job *) arg;
  output_begin ();
  if (job->help)
    report_help ();
  else
    work (job);
  output_end ();
}

/* The runtime is finished whether the work has failed or not.  */
int main (int argc, char **argv) {
  static struct job job; /* large */
  struct failure failure;
  job.argc = argc;
  job.argv = argv;
  if (catch_failure (&failure, parse_arguments, &job) != 0) {
    fprintf (stderr, "llvm-filter: %s (see --help)\n", failure.message);
    return 2;
  }
  int result = catch_failure (&failure, run, &job);
  if (result != 0) fprintf (stderr, "llvm-filter: %s\n", failure.message);
  llvm_runtime_finish (&job.lr);
  return result != 0;
}
