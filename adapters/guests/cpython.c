/* Drives CPython: a script in an interpreter that is ended again.  */
#include "adapters/mir-cpython.h"

#include "guests/guest.h"
#include "guests/record.h"

static const char script[] =
    "import json, re\n"
    "all = {str(i): [i, i / 3, {'name': 'n%d' % i}] for i in range(1000)}\n"
    "again = json.loads(json.dumps(all))\n"
    "assert again == all\n"
    "assert len(re.findall('[0-9]+', json.dumps(all))) > 1000\n"
    "class Node:\n"
    "    pass\n"
    "for i in range(100):\n"
    "    a, b = Node(), Node()\n"
    "    a.other, b.other = b, a\n";

/* CPython takes NULL for a failure, also of a realloc to 0 bytes.  */
static void *record_cpython_realloc (void *context, void *ptr, size_t size) {
  (void) context;
  return record_realloc (ptr, ptr != NULL && size == 0 ? 1 : size);
}

static void use (MIR_alloc_t alloc) {
  PyMemAllocatorEx recorder = {NULL, record_opaque_malloc, record_opaque_calloc,
                               record_cpython_realloc, record_opaque_free};
  static const PyMemAllocatorDomain domains[] = {PYMEM_DOMAIN_RAW, PYMEM_DOMAIN_MEM,
                                                 PYMEM_DOMAIN_OBJ};
  for (int i = 0; i < 3; i++) {
    if (alloc != NULL)
      MIR_cpython_use (domains[i], alloc);
    else
      PyMem_SetAllocator (domains[i], &recorder);
  }
}

static enum guest_result run_script (MIR_alloc_t alloc) {
  PyConfig config;
  use (alloc);
  PyConfig_InitIsolatedConfig (&config);
  config.use_hash_seed = 1; /* the same order of dictionaries in each run */
  config.site_import = 0;   /* what else is installed would count */
  PyStatus status = PyConfig_SetBytesString (&config, &config.program_name, "/usr/bin/python3");
  if (!PyStatus_Exception (status)) status = Py_InitializeFromConfig (&config);
  PyConfig_Clear (&config);
  if (PyStatus_Exception (status)) return GUEST_NO_MEMORY;
  int res = PyRun_SimpleString (script);
  if (Py_FinalizeEx () != 0 || res != 0) return GUEST_NO_MEMORY;
  return GUEST_RIGHT;
}

const char *guest_version (void) {
  return PY_VERSION;
}

const struct guest guests[] = {
    {.name = "CPython",
     .run = run_script,
     .refusals = GUEST_NOT_ALWAYS,
     .points = 100,
     .keeps_blocks = 1,
     .varies = 1},
    {.name = NULL},
};
