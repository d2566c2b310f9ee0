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

/* What several errors, a 0 behind the last, have in common.  */
struct reason {
  uint32_t errors[6];
  const char *text;
};

static const char *reason_in (const struct reason *reasons, uint32_t error) {
  for (; reasons->text != NULL; reasons++)
    for (const uint32_t *one = reasons->errors; *one != 0; one++)
      if (*one == error) return reasons->text;
  return NULL;
}

const char *reason_of_load_error (uint32_t error) {
  static const struct reason reasons[] = {
      /* ERROR_FILE_NOT_FOUND, ERROR_PATH_NOT_FOUND, ERROR_MOD_NOT_FOUND, ERROR_DLL_NOT_FOUND,
         STATUS_DLL_NOT_FOUND */
      {{2, 3, 126, 1157, 0xc0000135},
       "the DLL, or another one that it needs, is not there for this process"},
      /* ERROR_ACCESS_DENIED */
      {{5}, "the process may not read the file of the DLL"},
      /* ERROR_PROC_NOT_FOUND, ERROR_INVALID_ORDINAL */
      {{127, 182}, "a DLL that it needs lacks a function"},
      /* ERROR_BAD_EXE_FORMAT, ERROR_EXE_MACHINE_TYPE_MISMATCH, STATUS_INVALID_IMAGE_FORMAT */
      {{193, 216, 0xc000007b},
       "the DLL is damaged, or built for another CPU or bitness than the process"},
      /* ERROR_INVALID_IMAGE_HASH, ERROR_ACCESS_DISABLED_BY_POLICY,
         ERROR_SYSTEM_INTEGRITY_POLICY_VIOLATION */
      {{577, 1260, 4551},
       "a policy of the process or the machine refuses the DLL (signature, application control)"},
      /* ERROR_NOACCESS */
      {{998}, "the DLL raised an exception at its start-up"},
      /* ERROR_DLL_INIT_FAILED */
      {{1114}, "the start-up failed: the DLL raised an exception, or refused"},
      /* ERROR_NOT_ENOUGH_MEMORY, ERROR_OUTOFMEMORY, ERROR_COMMITMENT_LIMIT */
      {{8, 14, 1455}, "there is not enough memory"},
      {{0}, NULL}};
  return reason_in (reasons, error);
}

const char *reason_of_open_error (uint32_t error) {
  static const struct reason reasons[] = {
      /* ERROR_FILE_NOT_FOUND, ERROR_PATH_NOT_FOUND */
      {{2, 3}, "there is no such file"},
      /* ERROR_ACCESS_DENIED */
      {{5},
       "access is denied: it belongs to another user or has more rights, or this user may not run "
       "it"},
      /* ERROR_INVALID_PARAMETER: OpenProcess with an unused id */
      {{87}, "there is no such process"},
      /* ERROR_BAD_EXE_FORMAT, ERROR_EXE_MACHINE_TYPE_MISMATCH */
      {{193, 216}, "it is not a program for this system"},
      /* ERROR_FILENAME_EXCED_RANGE */
      {{206}, "its name or its arguments are too long"},
      /* ERROR_ELEVATION_REQUIRED */
      {{740}, "it needs administrator rights"},
      /* ERROR_VIRUS_INFECTED, ERROR_ACCESS_DISABLED_BY_POLICY,
         ERROR_SYSTEM_INTEGRITY_POLICY_VIOLATION */
      {{225, 1260, 4551}, "the virus scanner or a policy of this machine refuses it"},
      {{0}, NULL}};
  return reason_in (reasons, error);
}

const char *reason_of_exit_status (uint32_t status) {
  static const struct reason reasons[] = {
      {{0xc0000135}, "a DLL that it needs is not there (STATUS_DLL_NOT_FOUND)"},
      /* STATUS_ORDINAL_NOT_FOUND too */
      {{0xc0000138, 0xc0000139},
       "a DLL that it needs lacks a function (STATUS_ENTRYPOINT_NOT_FOUND)"},
      {{0xc0000142}, "the start-up of a DLL failed (STATUS_DLL_INIT_FAILED)"},
      {{0xc000007b}, "one of its DLLs is damaged or for another CPU (STATUS_INVALID_IMAGE_FORMAT)"},
      {{0xc0000428}, "a policy refuses a DLL (STATUS_INVALID_IMAGE_HASH)"},
      {{0}, NULL}};
  return reason_in (reasons, status);
}
