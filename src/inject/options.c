/* Reads the command line for files, and has its help.  */
#include "inject/options.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "text/arguments.h"

#define DEFAULT_DLL "mir-ucrt.dll" /* without a folder: the loader looks beside the program */

void options_help (void) {
  fputs (
      "mir-inject: puts a DLL into the import table of a Windows program, first by default,\n"
      "or takes it out again.  x86, x64, arm64 and arm64ec; files are edited, never run.\n"
      "\n"
      "usage: mir-inject [inject] [options] <file>...\n"
      "       mir-inject run|attach|check ...  (Windows; each has its --help)\n"
      "\n"
      "  -h  --help          show this help\n"
      "  -v  --verbose       say what is done\n"
      "  -l  --list          only list the imported modules; with -v also their functions\n"
      "  -i  --inplace       replace the file itself; the old one is kept as <file>.bak\n"
      "  -f  --force         overwrite without asking\n"
      "      --postfix=<p>   add -<p> to the name of the DLL: debug for mir-ucrt-debug.dll\n"
      "      --order=<a;b>   modules that come first, in this order\n"
      "      --eject         take the DLL out\n"
      "  -n  --dry-run       say what would be done, but write nothing\n"
      "      --dll=<name>    the DLL; " DEFAULT_DLL
      " by default\n"
      "      --symbol=<name> the function to import from it; chosen by default\n"
      "  -o  --output=<file> name of the result; by default the name of the file with '-mi'\n"
      "      --no-backup     with --inplace: do not keep <file>.bak\n"
      "      --verify        check that it would start with the DLL; exit status 3 if not\n"
      "      --json          print results as JSON\n"
      "  -V  --version       show the version\n",
      stdout);
}

/* Split the value of --order into names.  0, or -1 with the reason in ERROR.  */
static int read_order (struct options *options, const char *text, struct pe_error *error) {
  options->order = malloc (strlen (text) + 1);
  if (options->order == NULL) return -1;
  strcpy (options->order, text);
  for (char *p = options->order, *next; p != NULL; p = next) {
    if ((next = strchr (p, ';')) != NULL) *next++ = 0;
    if (*p == 0) continue;
    if (options->request.order_num == EDIT_ORDER_MAX)
      return pe_fail (error, "too many modules in --order");
    options->request.order[options->request.order_num++] = p;
  }
  return 0;
}

/* A name in an import table is in the code page of the process: beyond ASCII it would mean another
   file on another machine.  */
static int is_plain (const char *name) {
  while ((unsigned char) *name >= ' ' && (unsigned char) *name < 0x7f) name++;
  return *name == 0;
}

/* Put the postfix before ".dll".  A name with a folder is refused: the loader takes it
   literally.  */
static int name_dll (struct options *options, struct pe_error *error) {
  const char *name = options->dll != NULL ? options->dll : DEFAULT_DLL, *dot = strrchr (name, '.');
  const char *postfix = options->postfix;
  size_t stem = dot != NULL ? (size_t) (dot - name) : strlen (name);
  if (name[strspn (name, ".")] == 0 || strpbrk (name, "/\\:") != NULL || strlen (name) > 200
      || !is_plain (name))
    return pe_fail (error, "not the name of a DLL: '%.100s'", name);
  if (postfix != NULL
      && (*postfix == 0 || strpbrk (postfix, "/\\:") != NULL || strlen (postfix) > 100
          || !is_plain (postfix)))
    return pe_fail (error, "not a postfix for the name of a DLL: '%.100s'", postfix);
  /* At most 200 + 1 + 100 + 4 bytes, which fit into PE_NAME_MAX.  */
  snprintf (options->dll_name, sizeof (options->dll_name), "%.*s%s%s%s", (int) stem, name,
            postfix != NULL ? "-" : "", postfix != NULL ? postfix : "", dot != NULL ? dot : ".dll");
  options->request.dll = options->dll_name;
  return 0;
}

/* Check that the options fit together.  0, or -1 with the reason in ERROR.  */
static int check (const struct options *options, struct pe_error *error) {
  const char *why = NULL;
  if (options->files_num == 0)
    why = "no file is named";
  else if (options->output != NULL && (options->files_num > 1 || options->inplace))
    why = "--output needs exactly one file, and excludes --inplace";
  else if (options->list + options->verify + options->eject > 1)
    why = "--list, --verify and --eject exclude each other";
  else if ((options->list || options->verify) && options->inplace)
    why = "--list and --verify change nothing: --inplace is not allowed with them";
  else if ((options->list || options->verify) && (options->output != NULL || options->dry_run))
    why = "--list and --verify change nothing: --output and --dry-run are not allowed with them";
  else if ((options->list || options->verify || options->eject)
           && (options->symbol != NULL || options->order != NULL))
    why = "--symbol and --order are only allowed when a DLL is injected";
  else if (options->no_backup && !options->inplace)
    why = "--no-backup needs --inplace";
  else if (options->symbol != NULL && (*options->symbol == 0 || strlen (options->symbol) > 200))
    why = "not the name of a function";
  if (why != NULL) pe_fail (error, "%s", why);
  return why != NULL ? -1 : 0;
}

int options_read (struct options *o, char **argv, struct pe_error *error) {
  *o = (struct options) {.files = argv};
  const char *order = NULL;
  char reason[ARGUMENTS_ERROR_MAX];
  const struct arguments_option table[] = {
      {.name = "help", .letter = 'h', .flag = &o->help, .ends = 1},
      {.name = "verbose", .letter = 'v', .flag = &o->verbose},
      {.name = "list", .letter = 'l', .flag = &o->list},
      {.name = "inplace", .letter = 'i', .flag = &o->inplace},
      {.name = "force", .letter = 'f', .flag = &o->force},
      {.name = "dry-run", .letter = 'n', .flag = &o->dry_run},
      {.name = "output", .letter = 'o', .value = &o->output},
      {.name = "eject", .flag = &o->eject},
      {.name = "verify", .flag = &o->verify},
      {.name = "json", .flag = &o->json},
      {.name = "version", .letter = 'V', .flag = &o->version, .ends = 1},
      {.name = "no-backup", .flag = &o->no_backup},
      {.name = "dll", .value = &o->dll},
      {.name = "symbol", .value = &o->symbol},
      {.name = "postfix", .value = &o->postfix},
      {.name = "order", .value = &order},
      {0}};
  *error = (struct pe_error) {0};
  o->files_num = arguments_read (table, argv, reason);
  if (o->files_num < 0) return pe_fail (error, "%s", reason);
  if (o->help || o->version) return 0;
  o->request.force = o->force;
  if (order != NULL && read_order (o, order, error) != 0) return -1;
  return name_dll (o, error) != 0 ? -1 : check (o, error);
}

void options_free (struct options *options) {
  free (options->order);
}
