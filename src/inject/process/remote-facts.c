/* Finds out what prevents loading a DLL into a process.

   The functions of KERNEL32 that tell came with Windows 8.1 and 10, so they are looked up by name;
   where one is missing, its obstacle is taken to be absent.  The numbers are from winnt.h and processthreadsapi.h of the Windows
   SDK.  */
#include "inject/process/remote.h"

#define PROTECTION_LEVEL_INFORMATION 7 /* PROCESS_INFORMATION_CLASS ProcessProtectionLevelInfo */
#define PROTECTION_LEVEL_IS_NONE 0xfffffffeu
#define POLICY_DYNAMIC_CODE 2 /* PROCESS_MITIGATION_POLICY */
#define POLICY_SIGNATURE 8
#define TOKEN_APP_CONTAINER 29 /* TOKEN_INFORMATION_CLASS TokenIsAppContainer */

typedef void function_t (void); /* a function of any type */
typedef BOOL WINAPI get_information_t (HANDLE, int, void *, DWORD);
typedef BOOL WINAPI get_policy_t (HANDLE, int, void *, SIZE_T);

/* A function of KERNEL32; NULL on a Windows that lacks it.  */
static function_t *kernel_function (const char *name) {
  HMODULE kernel = GetModuleHandleW (L"kernel32.dll");
  return kernel == NULL ? NULL : (function_t *) GetProcAddress (kernel, name);
}

/* Whether bit 0 of a policy, the one that forbids, is set; 0 also if it is not known.  */
static int has_policy (HANDLE process, int policy) {
  get_policy_t *get = (get_policy_t *) kernel_function ("GetProcessMitigationPolicy");
  DWORD flags = 0;
  return get != NULL && get (process, policy, &flags, sizeof (flags)) && (flags & 1) != 0;
}

/* The answers are 0, too, if the system does not give one.  */

static int is_protected (HANDLE process) {
  get_information_t *get = (get_information_t *) kernel_function ("GetProcessInformation");
  DWORD level = PROTECTION_LEVEL_IS_NONE;
  return get != NULL && get (process, PROTECTION_LEVEL_INFORMATION, &level, sizeof (level))
         && level != PROTECTION_LEVEL_IS_NONE;
}

static int is_app_container (HANDLE process) {
  HANDLE token;
  DWORD is = 0, n = 0;
  if (!OpenProcessToken (process, TOKEN_QUERY, &token)) return 0;
  int known = GetTokenInformation (token, (TOKEN_INFORMATION_CLASS) TOKEN_APP_CONTAINER, &is,
                                   sizeof (is), &n);
  CloseHandle (token);
  return known && is != 0;
}

void remote_facts (const struct remote *remote, struct process_facts *facts) {
  *facts = (struct process_facts) {
      .is_protected = is_protected (remote->process),
      .app_container = is_app_container (remote->process),
      .microsoft_only = has_policy (remote->process, POLICY_SIGNATURE),
      .no_dynamic_code = has_policy (remote->process, POLICY_DYNAMIC_CODE),
  };
}
