/* Looks for the status section in the images of the target.  */
#include "inject/process/presence.h"

#include <inttypes.h>
#include <stdlib.h>
#include <string.h>

#include "inject/pe/imports.h"
#include "inject/process/jump.h"
#include "inject/process/log.h"
#include "inject/process/process.h"
#include "text/utf8.h"

/* jump_read_t from the target USER_DATA.  */
static int read_for_jump (void *user_data, uint64_t address, void *to, size_t n) {
  return remote_read (user_data, address, to, n);
}

/* Find out whether the entries lead to the DLL now; the status only has what the DLL saw last.  */
static void follow_entries (const struct remote *remote, const struct remote_image *image,
                            struct presence *presence) {
  struct remote reader = *remote; /* a copy, because jump_read_t takes no pointer to const */
  for (uint32_t i = 0; i < presence->status.functions_num; i++) {
    const MIR_ucrt_function_t *function = &presence->status.functions[i];
    if (function->state != MIR_UCRT_TAKEN) continue;
    uint64_t end = jump_follow (image->pe.machine, function->address, image->base,
                                image->pe.image_size, read_for_jump, &reader);
    presence->view.intact[i] = end - image->base < image->pe.image_size;
  }
}

enum dll_presence presence_at (const struct remote *remote, uint64_t base,
                               struct presence *presence) {
  struct remote_image image;
  struct pe_section section;
  memset (presence, 0, sizeof (*presence));
  if (remote_image (remote, base, &image) != 0) return DLL_ABSENT;
  if (pe_section_named (&image.pe, MIR_UCRT_STATUS_SECTION, &section) != 0) {
    remote_image_close (&image);
    return DLL_ABSENT;
  }
  uint64_t size = pe_section_extent (&image.pe, &section);
  if (section.rva > image.pe.image_size) size = 0;
  if (size > image.pe.image_size - section.rva) size = image.pe.image_size - section.rva;
  if (size > sizeof (presence->status)) size = sizeof (presence->status);
  MIR_ucrt_status_t *bytes = malloc (sizeof (*bytes));
  presence->wrong = "out of memory";
  if (bytes != NULL) {
    size_t n = remote_read_some (remote, base + section.rva, bytes, (size_t) size);
    /* The loader has reserved its place, but not mapped it yet.  */
    int is_missing = n == 0 && size != 0;
    presence->wrong = is_missing ? status_not_begun : status_accept (&presence->status, bytes, n);
    free (bytes);
  }
  presence->view.process = remote->id;
  presence->view.base = base;
  presence->view.copies = 1;
  remote_file_at (remote, base, 0, presence->file, sizeof (presence->file));
  utf8_clean (presence->file, sizeof (presence->file));
  presence->view.dll = presence->file;
  if (presence->wrong == NULL) follow_entries (remote, &image, presence);
  remote_image_close (&image);
  return presence->wrong == NULL ? DLL_PRESENT : DLL_UNREADABLE;
}

/* Whether the program of the target has the DLL in its import table.  */
static int program_imports_dll (const struct remote *remote) {
  struct remote_image image;
  struct pe_descriptor d;
  int found = 0;
  if (remote->program == 0 || remote_image (remote, remote->program, &image) != 0) return 0;
  struct pe_directory table = pe_directory (&image.pe, PE_IMPORT);
  remote_image_fetch (remote, &image, table.rva, (PE_IMPORTS_MAX + 1) * PE_DESCRIPTOR);
  for (unsigned i = 0; i < PE_IMPORTS_MAX && !found && pe_descriptor (&image.pe, i, &d) == 1; i++) {
    char name[sizeof (MIR_UCRT_DLL)];
    remote_image_fetch (remote, &image, d.name, sizeof (name));
    found =
        pe_string (&image.pe, d.name, name, sizeof (name)) == 0 && pe_name_is (name, MIR_UCRT_DLL);
  }
  remote_image_close (&image);
  return found;
}

/* Why the DLL is not there, as far as the target tells; NULL: nobody has loaded it.  Windows loads
   KERNEL32 into every process, before the DLLs that the program imports.  */
static const char *why_absent (const struct remote *remote) {
  if (program_imports_dll (remote))
    return "the program imports it, but is not initialised yet; or it is a .NET program, whose "
           "loader ignores imports";
  if (remote_find (remote, "kernel32.dll") == 0)
    return "the process is not initialised yet, and no DLL of the program is loaded";
  return NULL;
}

/* A search through all images: the best presence so far, room for the next, how many there are.  */
struct look {
  const struct remote *remote;
  struct presence *best, *next;
  enum dll_presence found;
  uint32_t copies;
};

/* remote_found_t: examine the image at BASE and keep it if it is better.  */
static int look_at (void *user_data, uint64_t base) {
  struct look *look = user_data;
  enum dll_presence found = presence_at (look->remote, base, look->next);
  if (found == DLL_ABSENT) return 0;
  look->copies++;
  int is_active = found == DLL_PRESENT && look->next->status.state == MIR_UCRT_ACTIVE;
  int was_active = look->found == DLL_PRESENT && look->best->status.state == MIR_UCRT_ACTIVE;
  if (found > look->found || (is_active && !was_active)) {
    memcpy (look->best, look->next, sizeof (*look->best));
    look->best->view.dll = look->best->file;
    look->found = found;
  }
  return 0;
}

enum dll_presence presence_look (const struct remote *remote, struct presence *presence) {
  struct look look = {
      .remote = remote, .best = presence, .next = malloc (sizeof (*presence)), .found = DLL_ABSENT};
  memset (presence, 0, sizeof (*presence));
  presence->wrong = "out of memory";
  if (look.next == NULL) return DLL_UNSEEN;
  if (remote_each_image (remote, look_at, &look) != 0 && look.found == DLL_ABSENT) {
    presence->wrong = remote_has_ended (remote, ENDS_WITHIN)
                          ? "the process has ended"
                          : "its memory map cannot be read completely";
    look.found = DLL_UNSEEN;
  } else if (look.found == DLL_ABSENT) {
    presence->wrong = why_absent (remote);
  }
  presence->view.copies = look.copies;
  free (look.next);
  return look.found;
}

int presence_verdict (enum dll_presence found, const struct presence *presence) {
  if (found == DLL_ABSENT) return PROCESS_NOT_LOADED;
  if (found == DLL_UNSEEN || found == DLL_UNREADABLE) return PROCESS_UNKNOWN;
  return status_verdict (&presence->status, &presence->view);
}

/* The state in words, for a target without a valid status.  */
static const char *state_of (enum dll_presence found, const struct presence *presence) {
  if (found == DLL_ABSENT) return "not loaded";
  return presence->wrong == status_not_begun ? "not initialised" : "unreadable";
}

static void print_json (const struct remote *remote, enum dll_presence found,
                        const struct presence *presence) {
  printf ("{\n  \"process\": %lu,\n  \"bits\": %u,\n  \"state\": \"%s\",\n  \"ok\": false",
          remote->id, remote->bits, state_of (found, presence));
  if (presence->wrong != NULL) {
    fputs (",\n  \"reason\": ", stdout);
    utf8_print_json (stdout, presence->wrong);
  }
  if (found == DLL_UNREADABLE) {
    fputs (",\n  \"dll\": ", stdout);
    utf8_print_json (stdout, presence->file);
  }
  puts ("\n}");
}

static void print_text (const struct remote *remote, enum dll_presence found,
                        const struct presence *presence) {
  const char *wrong = presence->wrong;
  printf ("process      %lu, %u bits\n", remote->id, remote->bits);
  if (found == DLL_ABSENT)
    printf ("state        " MIR_UCRT_DLL " is not loaded%s%s\n", wrong != NULL ? ": " : "",
            wrong != NULL ? wrong : "");
  else
    printf ("DLL          %s at 0x%" PRIx64 "\nstate        %s: %s\n", presence->file,
            presence->view.base,
            wrong == status_not_begun ? "not initialised yet" : "its status is not valid", wrong);
}

void presence_print (const struct remote *remote, enum dll_presence found,
                     const struct presence *presence, int json, int all) {
  if (found == DLL_PRESENT && json)
    status_print_json (stdout, &presence->status, &presence->view);
  else if (found == DLL_PRESENT)
    status_print (stdout, &presence->status, &presence->view, all);
  else if (json)
    print_json (remote, found, presence);
  else
    print_text (remote, found, presence);
}

void presence_print_failure (unsigned long id, const char *cause) {
  printf ("{\n  \"process\": %lu,\n  \"state\": \"unknown\",\n  \"ok\": false,\n  \"reason\": ",
          id);
  utf8_print_json (stdout, cause);
  puts ("\n}");
}

int presence_fail (int json, const char *verb, unsigned long id, const char *cause) {
  if (json) presence_print_failure (id, cause);
  process_log ("cannot %s process %lu: %s", verb, id, cause);
  return PROCESS_UNKNOWN;
}
