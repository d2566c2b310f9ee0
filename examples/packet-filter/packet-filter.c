/* The program: reads the arguments and does the work in two contexts.  */
#include <ctype.h>
#include <stdio.h>
#include <string.h>

#include "report.h"
#include "compare.h"
#include "output.h"
#include "same-file.h"

#define PACKETS_MAX 1000000000
#define SWAPS_MAX 1000000

/* All the work in one context.  */
struct job {
  const struct options *options;
  MIR_alloc_t alloc; /* NULL: the default, as for MIR_init2 */
  MIR_code_alloc_t code_alloc;
  MIR_trace_t trace; /* NULL: none */
  int timed;         /* measure, and print the table */
  struct runtime rt;
};

/* Replace filters while a thread runs them; no packet may notice.  */
static void swap (struct runtime *rt, size_t swaps) {
  struct swap_result result;
  report_code_memory ();
  MIR_trace_push (rt->trace, "hot swap");
  swap_filters (rt, swaps, &result);
  MIR_trace_pop (rt->trace);
  report_swaps (rt, &result);
  if (result.astray != 0)
    fail (MIR_func_error, "hot swap: %zu of %zu packets went astray", result.astray,
          result.packets);
}

/* The capture and the filters.  */
static void load (struct job *job) {
  const struct options *options = job->options;
  struct runtime *rt = &job->rt;
  MIR_trace_push (rt->trace, "capture");
  capture_load (&rt->capture, MIR_get_alloc (rt->ctx), options->capture);
  MIR_trace_pop (rt->trace);
  for (size_t i = 0; i < options->filters_num; i++) runtime_add_filter (rt, options->filters[i]);
}

static void work (void *arg) {
  struct job *job = (struct job *) arg;
  const struct options *options = job->options;
  struct runtime *rt = &job->rt;
  rt->trace = job->trace;
  runtime_init (rt, job->alloc, job->code_alloc);
  if (job->timed && options->tools) runtime_start_tools (rt);
  if (rt->trace != NULL)
    (void) MIR_code_set_hooks (MIR_get_code_space (rt->ctx), MIR_trace_hooks (rt->trace));
  load (job);
  if (rt->tools != NULL)
    MIR_code_tools_flush (rt->tools); /* so that the tools know the filters before they run */
  for (size_t i = 0; i < options->filters_num; i++)
    compare_results (rt, &VARR_ADDR (filter_t, rt->filters)[i], options->packets);

  if (!job->timed) return;
  report_capture (rt, options);
  compare_speed (rt, options->packets, options->rounds);
  report_filters (rt, options);
  if (jit_native_abi != NULL) swap (rt, options->swaps);
}

/* A trace replaces the file of its name, so it is created only if no input is that file, and if all
   inputs are good.  */
static void check_inputs (void *arg) {
  struct job *job = (struct job *) arg;
  const struct options *options = job->options;
  int is_input = is_same_file (options->trace, options->capture);
  for (size_t i = 0; i < options->filters_num; i++)
    is_input |= is_same_file (options->trace, options->filters[i]);
  if (is_input)
    fail (MIR_wrong_param_value_error, "%s: the trace would replace an input", options->trace);
  runtime_init (&job->rt, job->alloc, job->code_alloc);
  load (job);
}

/* Do WHAT, which gets JOB.  The runtime is finished whether that has failed or not.  */
static int do_job (struct job *job, void (*what) (void *arg)) {
  struct failure failure;
  int result = catch_failure (&failure, what, job);
  if (result != 0) fprintf (stderr, "packet-filter: %s\n", failure.message);
  runtime_finish (&job->rt);
  return result;
}

static int run_with_defaults (const struct options *options) {
  struct job job = {.options = options, .timed = 1};
  return do_job (&job, work);
}

/* The same, traced; an allocator below the trace counts, and both must agree.  A run that fails leaves
   no trace.  */
static int run_traced (const struct options *options) {
  struct counting_alloc data;
  MIR_trace_options_t trace_options = {.size = sizeof (trace_options),
                                       .file = options->trace,
                                       .title = "packet-filter",
                                       .alloc = &data.alloc,
                                       .stack_depth = 16};
  struct job trial = {.options = options}, job = {.options = options, .timed = 1};
  MIR_context_t defaults;
  MIR_trace_status_t status;
  int result = do_job (&trial, check_inputs);
  if (result != 0) return result;
  defaults = MIR_init ();
  if (defaults == NULL) fail (MIR_alloc_error, "no memory for a context");
  counting_alloc_init (&data, MIR_get_alloc (defaults));
  status = MIR_trace_create (&trace_options, &job.trace);
  if (status != MIR_TRACE_OK)
    fail (MIR_alloc_error, "%s: %s", options->trace, MIR_trace_status_text (status));
  job.alloc = MIR_trace_alloc (job.trace);
  result = do_job (&job, work);
  status = MIR_trace_finish (job.trace);
  if (result != 0 || status != MIR_TRACE_OK) (void) remove (options->trace);
  if (status != MIR_TRACE_OK)
    fail (MIR_alloc_error, "%s: %s", options->trace, MIR_trace_status_text (status));
  if (result == 0) report_trace (&data, options->trace);
  MIR_finish (defaults);
  return result;
}

/* The counting allocators wrap the defaults, which any context can name.  */
static int run_with_our_allocators (const struct options *options) {
  struct counting_alloc data;
  struct counting_code_alloc code;
  struct job job = {.options = options, .alloc = &data.alloc, .code_alloc = &code.alloc};
  MIR_context_t defaults = MIR_init ();
  int result;
  if (defaults == NULL) fail (MIR_alloc_error, "no memory for a context");
  counting_alloc_init (&data, MIR_get_alloc (defaults));
  counting_code_alloc_init (&code, MIR_get_code_alloc (defaults));
  result = do_job (&job, work);
  if (result == 0) report_counters (&data, &code);
  MIR_finish (defaults);
  return result;
}

static size_t parse_number (const char *option, const char *text, size_t max) {
  size_t number = 0;
  for (const char *p = text; p != NULL && isdigit ((unsigned char) *p) && number <= max; p++) {
    number = number * 10 + (size_t) (*p - '0');
    if (p[1] == '\0' && number > 0 && number <= max) return number;
  }
  fail (MIR_wrong_param_value_error, "%s needs a number from 1 to %zu", option, max);
}

struct arguments {
  int argc;
  char **argv;
  int help;               /* is all that is wanted */
  struct options options; /* what they say */
};

/* Fails on bad ones.  */
static void parse_arguments (void *arg) {
  struct arguments *arguments = (struct arguments *) arg;
  struct options *options = &arguments->options;
  int argc = arguments->argc, i = 1;
  char **argv = arguments->argv;
  /* argv[argc] is NULL, so argv[i + 1] may be read.  */
  for (; i < argc && argv[i][0] == '-'; i++) {
    if (strcmp (argv[i], "--") == 0) {
      i++;
      break;
    } else if (strcmp (argv[i], "--help") == 0 || strcmp (argv[i], "-h") == 0) {
      arguments->help = 1;
      return;
    } else if (strcmp (argv[i], "--packets") == 0) {
      options->packets = parse_number (argv[i], argv[i + 1], PACKETS_MAX);
      i++;
    } else if (strcmp (argv[i], "--rounds") == 0) {
      options->rounds = parse_number (argv[i], argv[i + 1], ROUNDS_MAX);
      i++;
    } else if (strcmp (argv[i], "--swaps") == 0) {
      options->swaps = parse_number (argv[i], argv[i + 1], SWAPS_MAX);
      i++;
    } else if (strcmp (argv[i], "--tools") == 0) {
      options->tools = 1;
    } else if (strcmp (argv[i], "--trace") == 0) {
      options->trace = argv[++i];
      if (options->trace == NULL || options->trace[0] == '\0' || options->trace[0] == '-')
        fail (MIR_wrong_param_value_error, "--trace needs a file");
    } else {
      fail (MIR_wrong_param_value_error, "unknown option %s, see --help", argv[i]);
    }
  }
  if (options->tools && options->trace != NULL)
    fail (MIR_wrong_param_value_error, "--tools and --trace exclude each other, see --help");
  if (argc - i < 2)
    fail (MIR_wrong_param_value_error, "name a capture and at least one filter, see --help");
  options->capture = argv[i];
  options->filters = argv + i + 1;
  options->filters_num = (size_t) (argc - i - 1);
}

static int run (const struct options *options) {
  if ((options->trace != NULL ? run_traced : run_with_defaults) (options) != 0
      || run_with_our_allocators (options) != 0)
    return 1;
  report_agreement (options);
  return 0;
}

int main (int argc, char **argv) {
  struct arguments arguments = {argc, argv, 0, {.packets = 100000, .rounds = 15, .swaps = 2000}};
  struct failure failure;
  output_begin ();
  if (catch_failure (&failure, parse_arguments, &arguments) != 0) {
    fprintf (stderr, "packet-filter: %s\n", failure.message);
    return 2;
  }
  if (arguments.help)
    report_help ();
  else if (run (&arguments.options) != 0)
    return 1;
  output_end ();
  return 0;
}
