/* The load configuration, for every CPU but arm64ec.  The linker finds it by its name; nothing here
   runs.  */

typedef int mir_ucrt_not_empty_t; /* ISO C forbids a unit without a declaration */

/* The load configuration, in the layout of the Windows SDK of 2020; its first word is its size.  It
   names the table of functions that may be called indirectly, which the linker makes; the linker's
   names for it are absolute symbols, which C cannot use as initialisers.  */
/* Words of an address: their directive, the name of a symbol, what comes before SecurityCookie.  */
#ifdef _WIN64
#define ADDRESS ".quad "
#define NAME(name) #name
#define HEAD_SIZE "0x58" /* up to SecurityCookie */
#define ALIGN ".p2align 3\n"
#define SE_HANDLERS ADDRESS "0\n" ADDRESS "0\n"
#else
#define ADDRESS ".long "
#define NAME(name) "_" #name
#define HEAD_SIZE "0x3c"
#define ALIGN ".p2align 2\n"
#define SE_HANDLERS ADDRESS "0\n" ADDRESS "0\n" /* the image has none */
#endif

__asm__ (".section .rdata,\"dr\"\n" ALIGN ".globl " NAME (_load_config_used) "\n" NAME (_load_config_used) ":\n"
         ".long " NAME (mir_load_config_end) "-" NAME (_load_config_used) "\n"
         ".zero " HEAD_SIZE "-4\n"
         ADDRESS "0\n"                              /* SecurityCookie */
         SE_HANDLERS
         ADDRESS NAME (mir_guard_check) "\n"        /* GuardCFCheckFunctionPointer */
         ADDRESS "0\n"                              /* GuardCFDispatchFunctionPointer */
         ADDRESS NAME (__guard_fids_table) "\n"
         ADDRESS NAME (__guard_fids_count) "\n"
         ".long " NAME (__guard_flags) "\n"
         ".zero 12\n"                               /* CodeIntegrity */
         ADDRESS NAME (__guard_iat_table) "\n"
         ADDRESS NAME (__guard_iat_count) "\n"
         ADDRESS NAME (__guard_longjmp_table) "\n"
         ADDRESS NAME (__guard_longjmp_count) "\n"
         NAME (mir_load_config_end) ":\n"
         ".text\n");
