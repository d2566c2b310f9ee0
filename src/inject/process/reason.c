/* The texts that explain errors of Windows.  */
#include "inject/process/reason.h"

#include <stddef.h> /* NULL */

/* The numbers are from Microsoft's "System Error Codes" and "NTSTATUS Values".  */

const char *reason_of_facts (const struct process_facts *facts) {
  if (facts->is_protected)
    return "it is a protected process: not even an administrator may access it";
  if (facts->microsoft_only) return "its signature policy only allows DLLs that Microsoft signed";
  if (facts->app_container)
    return "it is a packaged app or a sandbox (AppContainer), which may not read the folder of the "
           "DLL";
  if (facts->no_dynamic_code)
    return "it forbids changing code (ACG), so no function can be taken over";
  return NULL;
}

const char *reason_of_load_error (uint32_t error) {
  switch (error) {
    case 2:          /* ERROR_FILE_NOT_FOUND */
    case 3:          /* ERROR_PATH_NOT_FOUND */
    case 126:        /* ERROR_MOD_NOT_FOUND */
    case 1157:       /* ERROR_DLL_NOT_FOUND */
    case 0xc0000135: /* STATUS_DLL_NOT_FOUND */
      return "the DLL, or another one that it needs, is not there for this process";
    case 5:
      return "the process may not read the file of the DLL";
    case 127: /* ERROR_PROC_NOT_FOUND */
    case 182: /* ERROR_INVALID_ORDINAL */
      return "a DLL that it needs lacks a function";
    case 193:        /* ERROR_BAD_EXE_FORMAT */
    case 216:        /* ERROR_EXE_MACHINE_TYPE_MISMATCH */
    case 0xc000007b: /* STATUS_INVALID_IMAGE_FORMAT */
      return "the DLL is damaged, or built for another CPU or bitness than the process";
    case 577:  /* ERROR_INVALID_IMAGE_HASH */
    case 1260: /* ERROR_ACCESS_DISABLED_BY_POLICY */
    case 4551: /* ERROR_SYSTEM_INTEGRITY_POLICY_VIOLATION */
      return "a policy of the process or the machine refuses the DLL (signature, application "
             "control)";
    case 998: /* ERROR_NOACCESS */
      return "the DLL raised an exception at its start-up";
    case 1114: /* ERROR_DLL_INIT_FAILED */
      return "the start-up failed: the DLL raised an exception, or refused";
    case 8:    /* ERROR_NOT_ENOUGH_MEMORY */
    case 14:   /* ERROR_OUTOFMEMORY */
    case 1455: /* ERROR_COMMITMENT_LIMIT */
      return "there is not enough memory";
    default:
      return NULL;
  }
}

const char *reason_of_open_error (uint32_t error) {
  switch (error) {
    case 2: /* ERROR_FILE_NOT_FOUND */
    case 3: /* ERROR_PATH_NOT_FOUND */
      return "there is no such file";
    case 5: /* ERROR_ACCESS_DENIED */
      return "access is denied: it belongs to another user, or has more rights than mir-inject";
    case 87: /* ERROR_INVALID_PARAMETER: OpenProcess with an unused id */
      return "there is no such process";
    case 193: /* ERROR_BAD_EXE_FORMAT */
    case 216: /* ERROR_EXE_MACHINE_TYPE_MISMATCH */
      return "it is not a program for this system";
    case 206: /* ERROR_FILENAME_EXCED_RANGE */
      return "its name or its arguments are too long";
    case 740: /* ERROR_ELEVATION_REQUIRED */
      return "it needs administrator rights";
    case 225:  /* ERROR_VIRUS_INFECTED */
    case 1260: /* ERROR_ACCESS_DISABLED_BY_POLICY */
    case 4551: /* ERROR_SYSTEM_INTEGRITY_POLICY_VIOLATION */
      return "a policy of the machine refuses it";
    default:
      return NULL;
  }
}

const char *reason_of_exit_status (uint32_t status) {
  switch (status) {
    case 0xc0000135:
      return "a DLL that it needs is not there (STATUS_DLL_NOT_FOUND)";
    case 0xc0000138: /* STATUS_ORDINAL_NOT_FOUND */
    case 0xc0000139:
      return "a DLL that it needs lacks a function (STATUS_ENTRYPOINT_NOT_FOUND)";
    case 0xc0000142:
      return "the start-up of a DLL failed (STATUS_DLL_INIT_FAILED)";
    case 0xc000007b:
      return "one of its DLLs is damaged or for another CPU (STATUS_INVALID_IMAGE_FORMAT)";
    case 0xc0000428:
      return "a policy refuses a DLL (STATUS_INVALID_IMAGE_HASH)";
    default:
      return NULL;
  }
}
