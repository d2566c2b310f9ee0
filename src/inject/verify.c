/* The checks of --verify: loader, order, C runtime, DLL.  */
#include "inject/verify.h"

#include <stdarg.h>
#include <stdio.h>
#include <string.h>

#include "inject/crt.h"
#include "inject/edit/appended.h"
#include "inject/edit/search.h"
#include "inject/file.h"
#include "inject/pe/imports.h"
#include "inject/pe/kind.h"
#include "inject/pe/layout.h"

enum answer { NO, YES, NOTE }; /* a note is no failure */

/* One run of --verify.  */
struct check {
  struct report *report;
  const struct pe *pe;
  const char *path;
  const char *dll;
  int position; /* index of the DLL in the import table; -1: not imported */
  int refused;  /* number of failed checks */
};

static __attribute__ ((format (printf, 4, 5))) void say (struct check *check, enum answer answer,
                                                         const char *name, const char *format,
                                                         ...) {
  static const char *const words[] = {"no", "ok", "note"};
  char text[512];
  va_list args;
  va_start (args, format);
  vsnprintf (text, sizeof (text), format, args);
  va_end (args);
  report_line (check->report, "  %-5s %s: %s", words[answer], name, text);
  report_open (check->report, NULL, '{');
  report_text (check->report, "check", name);
  report_text (check->report, "answer", words[answer]);
  report_text (check->report, "text", text);
  report_close (check->report, '}');
  if (answer == NO) check->refused++;
}

/* Whether the SIZE bytes at RVA are in RANGE.  */
static int is_within (const struct pe_directory *range, uint32_t rva, uint64_t size) {
  return rva >= range->rva && size <= range->size && rva - range->rva <= range->size - size;
}

/* Whether the loader can write the addresses of descriptor D.  It makes the import address
   directory writable for that or, if there is none, the section that contains the import table.  */
static int can_fill (const struct pe *pe, const struct pe_descriptor *d, long functions) {
  struct pe_directory iat = pe_directory (pe, PE_IAT), import = pe_directory (pe, PE_IMPORT);
  uint64_t size = (uint64_t) functions * pe_thunk_size (pe);
  struct pe_section section, with_table;
  if (iat.rva != 0 && is_within (&iat, d->address, size)) return 1;
  if (pe_section_of (pe, d->address, &section) != 0) return 0;
  if ((section.flags & PE_SCN_WRITE) != 0) return 1;
  return iat.rva == 0 && pe_section_of (pe, import.rva, &with_table) == 0
         && with_table.rva == section.rva;
}

/* Each check says at least one line.  */

static void check_imports (struct check *check) {
  const struct pe *pe = check->pe;
  struct pe_descriptor d;
  struct pe_function function;
  int found;
  unsigned total = 0;
  char name[PE_NAME_MAX];
  for (unsigned i = 0; (found = pe_import (pe, i, &d, name)) != 0; i++) {
    uint32_t table = pe_lookup_table (pe, &d);
    unsigned k = 0;
    if (found < 0) {
      say (check, NO, "imports", "the import table is damaged at module %u", i);
      return;
    }
    for (; total <= PE_FUNCTIONS_MAX; k++, total++)
      if ((found = pe_function (pe, table, k, &function)) != 1) break;
    if (found < 0 || total > PE_FUNCTIONS_MAX) {
      say (check, NO, "imports", "the functions of '%s' cannot be read", report_clean (name));
      return;
    }
    if (k > 0 && !can_fill (pe, &d, (long) k)) {
      say (check, NO, "imports", "the loader cannot write the addresses for '%s'",
           report_clean (name));
      return;
    }
  }
  say (check, YES, "imports", "%d modules, all readable", pe_imports_num (pe));
}

static void check_loader (struct check *check) {
  const struct pe *pe = check->pe;
  struct pe_error error = {0};
  size_t offset, size;
  const char *stranger = pe_stranger (pe);
  if (stranger != NULL)
    say (check, NO, "layout", "%s (machine 0x%x, subsystem %u), not a Windows program", stranger,
         pe->machine_number, pe->subsystem);
  else if (pe_check_layout (pe, &error) != 0)
    say (check, NO, "layout", "%s", error.text);
  else
    say (check, YES, "layout", "%s, headers and sections are valid", pe_machine_name (pe->machine));
  check_imports (check);
  if (pe->checksum != 0 && pe->checksum != pe_checksum (pe))
    say (check, NOTE, "checksum", "the checksum is wrong, for which Windows refuses only drivers");
  if ((pe->dll_flags & PE_DLL_FORCE_INTEGRITY) != 0) {
    int is_signed = pe_certificate (pe, &offset, &size) == 0 && size != 0;
    say (check, is_signed ? NOTE : NO, "signature",
         "the file demands that its signature is checked%s", is_signed ? "" : ", and has none");
  }
  if (!edit_searches_folder (pe))
    say (check, NO, "search", "the program takes DLLs from the system's folder only");
  if (pe_is_assembly (pe))
    say (check, NO, "managed", "a .NET assembly, which .NET refuses when it imports other DLLs");
  else if (pe_directory (pe, PE_CLR).rva != 0)
    say (check, NOTE, "managed", "a .NET program: its loader may not look at the import table");
}

/* Programs that cannot be edited, but were, may start nevertheless: it is their data that suffer.  */
static void check_appended (struct check *check) {
  struct edit_appended appended = edit_find_appended (check->pe);
  struct pe_section ours;
  int is_edited = pe_section_named (check->pe, EDIT_SECTION, &ours) == 0;
  if (appended.name == NULL) return;
  if (!appended.is_found)
    say (check, NO, "data", "%s behind the image: not as the program looks for it, %s",
         appended.name, "it was moved or changed");
  else if (appended.effect == EDIT_REFUSES)
    say (check, is_edited ? NO : NOTE, "data", "%s behind the image: %s; use 'mir-inject run'",
         appended.name, appended.why);
  else if (appended.effect == EDIT_STAYS)
    say (check, YES, "data", "%s behind the image: in its place", appended.name);
  else
    say (check, NOTE, "data", "%s behind the image: %s", appended.name, appended.why);
}

/* Whether a program for one CPU can load a DLL for the other.  */
static int machines_fit (enum pe_machine program, enum pe_machine dll) {
  if (program == dll) return 1;
  if (program == PE_X64 || program == PE_ARM64EC)
    return dll == PE_X64 || dll == PE_ARM64EC || dll == PE_ARM64X;
  return program == PE_ARM64 && dll == PE_ARM64X;
}

/* The DLL must export what the program imports from it.  */
static void check_exports (struct check *check, const struct pe *dll) {
  struct pe_descriptor d;
  struct pe_function function;
  uint32_t rva;
  if (check->position < 0 || pe_descriptor (check->pe, (unsigned) check->position, &d) != 1) return;
  uint32_t table = pe_lookup_table (check->pe, &d);
  for (unsigned i = 0; pe_function (check->pe, table, i, &function) == 1; i++) {
    if (function.by_ordinal || pe_find_export (dll, function.name, &rva) == 0) continue;
    say (check, NO, "dll", "'%s' does not export %s", check->dll, report_clean (function.name));
    return;
  }
}

static void check_dll (struct check *check) {
  char found[INJECT_PATH_MAX], name[PE_NAME_MAX];
  struct pe_error error = {0};
  struct pe_descriptor d;
  struct inject_file file;
  struct pe dll;
  if (inject_file_beside (check->path, check->dll, found, sizeof (found)) != 0) {
    say (check, NO, "dll", "'%s' is not in the folder of the program", check->dll);
    return;
  }
  if (inject_file_open (&file, found, &error) != 0) {
    say (check, NO, "dll", "%s", error.text);
    return;
  }
  if (pe_open (&dll, file.bytes, file.size, PE_FILE, &error) != 0) {
    say (check, NO, "dll", "'%s': %s", check->dll, error.text);
  } else {
    int fits = machines_fit (check->pe->machine, dll.machine);
    say (check, fits ? YES : NO, "dll", "'%s' is for %s, the program for %s", check->dll,
         pe_machine_name (dll.machine), pe_machine_name (check->pe->machine));
    check_exports (check, &dll);
    for (unsigned i = 0; pe_descriptor (&dll, i, &d) == 1; i++)
      if (pe_string (&dll, d.name, name, sizeof (name)) == 0 && crt_is (name))
        say (check, NO, "dll", "'%s' itself imports '%s', which is initialised first", check->dll,
             report_clean (name));
  }
  inject_file_close (&file);
}

/* The loader initialises DLLs in the order of the table, each after the DLLs that it imports.  */
static void check_position (struct check *check) {
  char name[PE_NAME_MAX], how[PE_NAME_MAX];
  struct pe_descriptor d;
  if (check->position < 0) {
    say (check, NO, "order", "'%s' is not imported", check->dll);
    return;
  }
  for (unsigned i = 0; i < (unsigned) check->position; i++) {
    if (pe_import (check->pe, i, &d, name) != 1) break;
    if (crt_is (name)) {
      say (check, NO, "order", "'%s' comes before '%s'", report_clean (name), check->dll);
      return;
    }
    if (crt_is_behind (check->path, name, how, sizeof (how))) {
      say (check, NO, "order", "'%s' comes before '%s' and loads the C runtime (%s)",
           report_clean (name), check->dll, report_clean (how));
      return;
    }
  }
  say (check, YES, "order", "'%s' is at position %d%s", check->dll, check->position,
       check->position == 0 ? "" : ", no known C runtime before it");
}

static void check_crt (struct check *check) {
  const struct pe *pe = check->pe;
  char name[PE_NAME_MAX], first[PE_NAME_MAX] = "", old[PE_NAME_MAX] = "", how[PE_NAME_MAX];
  struct pe_descriptor d;
  struct pe_function function;
  int functions = 0;
  unsigned total = 0;
  for (unsigned i = 0; pe_descriptor (pe, i, &d) == 1; i++) {
    if (pe_string (pe, d.name, name, sizeof (name)) != 0 || !crt_is (name)) continue;
    if (crt_is_old (name)) {
      memcpy (old, name, sizeof (old));
      continue;
    }
    if (crt_is_debug (name))
      say (check, NOTE, "runtime", "'%s' is a debug runtime, which is only taken over at start-up",
           report_clean (name));
    if (first[0] == 0) memcpy (first, name, sizeof (first));
    uint32_t table = pe_lookup_table (pe, &d);
    for (unsigned k = 0; total++ <= PE_FUNCTIONS_MAX && pe_function (pe, table, k, &function) == 1;
         k++)
      functions += !function.by_ordinal && crt_is_heap_function (function.name);
  }
  if (old[0] != 0)
    say (check, NOTE, "runtime", "'%s' is only taken over if MIR_UCRT_CRTS names it",
         report_clean (old));
  if (first[0] != 0)
    say (check, YES, "runtime", "linked dynamically ('%s'), %d functions of the allocator imported",
         report_clean (first), functions);
  if (first[0] != 0 || old[0] != 0) return;
  for (unsigned i = 0; pe_descriptor (pe, i, &d) == 1; i++) {
    if (pe_string (pe, d.name, name, sizeof (name)) != 0
        || !crt_is_behind (check->path, name, how, sizeof (how)))
      continue;
    say (check, NOTE, "runtime", "not imported by the program, but by '%s'", report_clean (how));
    return;
  }
  say (check, NO, "runtime", "the C runtime is not linked dynamically: nothing to take over");
}

int inject_verify (struct report *report, const struct pe *pe, const char *path,
                   const struct options *options) {
  struct check check = {.report = report, .pe = pe, .path = path, .dll = options->dll_name};
  check.position = pe_find_import (pe, check.dll);
  report_line (report, "verify '%s':", path);
  report_open (report, "checks", '[');
  check_loader (&check);
  check_appended (&check);
  check_position (&check);
  check_crt (&check);
  check_dll (&check);
  report_close (report, ']');
  report_bool (report, "verified", check.refused == 0);
  return check.refused == 0 ? STATUS_DONE : STATUS_NO;
}
