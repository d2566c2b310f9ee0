/* The jitdump: copies of the code with names and times, from which `perf inject --jit` makes ELF
   files (the Linux kernel's tools/perf/Documentation/jitdump-specification.txt).  perf finds the
   file because the process maps it executable: one page of it stays mapped.  Freed code blocks need
   no record: perf goes by the times.  */
#define _GNU_SOURCE /* secure_getenv */
#include "tools/tools.h"

#include <elf.h>
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/syscall.h>
#include <unistd.h>

#include "os/os.h"
#include "tools/target.h"
#include "tools/tool-file.h"

/* The records of the file, as the specification has them; in the byte order of this machine.  */

struct jitdump_header {
  uint32_t magic, version;
  uint32_t size; /* bytes, of this structure */
  uint32_t machine;
  uint32_t padding;
  uint32_t pid;
  uint64_t time; /* ns of CLOCK_MONOTONIC, as all times here */
  uint64_t flags;
};

enum { JITDUMP_MAGIC = 0x4A695444, JITDUMP_VERSION = 1 };

enum { CODE_LOAD = 0, CODE_CLOSE = 3 }; /* `id` of a record */

/* What each record begins with.  */
struct jitdump_record {
  uint32_t id;
  uint32_t size; /* bytes, with this structure and everything after it */
  uint64_t time;
};

/* The name, with its terminating 0, and the code follow.  */
struct code_load {
  struct jitdump_record record;
  uint32_t pid, tid;
  uint64_t mapped_at, start;
  uint64_t size;  /* bytes of code */
  uint64_t index; /* unique for each load */
};

/* The data of the tool.  */
struct jitdump {
  char dir[PATH_MAX]; /* absolute: a child may change its current directory */
  void *marker;       /* NULL: not mapped */
  uint64_t next_index;
  struct mir_tool_file file;
};

/* Unmap and close the file; what waits in its buffer is dropped.  */
static void close_dump (struct jitdump *dump) {
  if (dump->marker != NULL) munmap (dump->marker, mir_os_page_size ());
  dump->marker = NULL;
  mir_tool_file_close (&dump->file);
}

/* Create the file, write its header, and map it.  */
static MIR_code_tool_status_t open_dump (struct mir_tool *tool, struct jitdump *dump) {
  struct mir_tool_file *file = &dump->file;
  struct jitdump_header header = {.magic = JITDUMP_MAGIC,
                                  .version = JITDUMP_VERSION,
                                  .size = sizeof (header),
                                  .machine = mir_target.elf_machine,
                                  .time = mir_os_nanoseconds ()};
  int len =
      snprintf (file->path, sizeof (file->path), "%s/jit-%ld.dump", dump->dir, (long) getpid ());
  dump->marker = NULL;
  file->fd = -1;
  if (len < 0 || (size_t) len >= sizeof (file->path)) {
    tool->state.error = ENAMETOOLONG;
    return MIR_CODE_TOOL_FILE_REFUSED;
  }
  MIR_code_tool_status_t status = mir_tool_file_open (file, 0, &tool->state.error);
  if (status != MIR_CODE_TOOL_OK) return status;
  header.pid = (uint32_t) file->pid;
  if (mir_tool_file_append (tool, file, &header, sizeof (header)) != 0
      || mir_tool_file_flush (tool, file) != 0) {
    close_dump (dump);
    return MIR_CODE_TOOL_FILE_REFUSED;
  }
  dump->marker = mmap (NULL, mir_os_page_size (), PROT_READ | PROT_EXEC, MAP_PRIVATE, file->fd, 0);
  if (dump->marker != MAP_FAILED) return MIR_CODE_TOOL_OK;
  tool->state.error = errno; /* EPERM: the file system is mounted noexec */
  dump->marker = NULL;
  unlink (file->path); /* perf could not find it */
  close_dump (dump);
  return MIR_CODE_TOOL_FILE_REFUSED;
}

static MIR_code_tool_status_t jitdump_start (struct mir_tool *tool,
                                             const MIR_code_tools_options_t *options) {
  const char *dir = options->jitdump_dir;
  MIR_code_tool_status_t status = MIR_CODE_TOOL_FILE_REFUSED;
  if (mir_target.elf_machine == EM_NONE) return MIR_CODE_TOOL_UNSUPPORTED;
  struct jitdump *dump = (struct jitdump *) MIR_malloc (tool->alloc, sizeof (*dump));
  if (dump == NULL) return MIR_CODE_TOOL_NO_MEMORY;
  if (dir == NULL) dir = secure_getenv ("JITDUMPDIR"); /* as perf's own agent for Java */
  if (dir == NULL) dir = ".";
  dump->next_index = 0;
  if (realpath (dir, dump->dir) == NULL)
    tool->state.error = errno;
  else
    status = open_dump (tool, dump);
  if (status == MIR_CODE_TOOL_OK)
    tool->data = dump;
  else
    MIR_free (tool->alloc, dump);
  return status;
}

/* A file of its own for a child, in the same directory.  */
static MIR_code_tool_status_t reopen_dump (struct mir_tool *tool) {
  close_dump ((struct jitdump *) tool->data);
  return open_dump (tool, (struct jitdump *) tool->data);
}

/* Append a record of EVENT with its code.  0, or -1: the tool has stopped, or the code is too
   large.  */
static int write_load (struct mir_tool *tool, struct jitdump *dump, const MIR_code_event_t *event,
                       uint32_t tid) {
  char name[MIR_TOOL_NAME_MAX + 1];
  size_t name_size = mir_tool_name (event, name) + 1;
  struct code_load load = {.record = {.id = CODE_LOAD}, .tid = tid};
  if (event->size > UINT32_MAX - sizeof (load) - sizeof (name)) return -1; /* the format's limit */
  load.record.time = mir_os_nanoseconds ();
  load.record.size = (uint32_t) (sizeof (load) + name_size + event->size);
  load.pid = (uint32_t) dump->file.pid;
  load.mapped_at = load.start = (uintptr_t) event->start;
  load.size = event->size;
  load.index = dump->next_index++;
  if (mir_tool_file_append (tool, &dump->file, &load, sizeof (load)) != 0
      || mir_tool_file_append (tool, &dump->file, name, name_size) != 0
      || mir_tool_file_append (tool, &dump->file, event->start, event->size) != 0)
    return -1;
  tool->state.events++;
  if (dump->file.used > 0) dump->file.waiting++;
  return 0;
}

static void jitdump_published (struct mir_tool *tool, const MIR_code_event_t *events,
                               size_t events_num) {
  struct jitdump *dump = (struct jitdump *) tool->data;
  uint32_t tid = (uint32_t) syscall (SYS_gettid);
  mir_tool_file_follow_fork (tool, &dump->file, reopen_dump);
  for (size_t i = 0; i < events_num; i++)
    if (tool->state.status != MIR_CODE_TOOL_OK || write_load (tool, dump, &events[i], tid) != 0)
      tool->state.lost++;
}

static void jitdump_flush (struct mir_tool *tool) {
  struct jitdump *dump = (struct jitdump *) tool->data;
  if (mir_tool_file_follow_fork (tool, &dump->file, reopen_dump) == 0)
    mir_tool_file_flush (tool, &dump->file);
}

static void jitdump_finish (struct mir_tool *tool) {
  struct jitdump *dump = (struct jitdump *) tool->data;
  struct jitdump_record end = {.id = CODE_CLOSE, .size = sizeof (end)};
  end.time = mir_os_nanoseconds ();
  if (tool->state.status == MIR_CODE_TOOL_OK && !mir_tool_file_is_parents (&dump->file)
      && mir_tool_file_append (tool, &dump->file, &end, sizeof (end)) == 0)
    mir_tool_file_flush (tool, &dump->file);
  close_dump (dump);
  MIR_free (tool->alloc, dump);
}

const struct mir_tool_kind mir_jitdump = {.start = jitdump_start,
                                          .published = jitdump_published,
                                          .flush = jitdump_flush,
                                          .finish = jitdump_finish};
