/* Supplies what the linker usually takes from a C runtime for ARM64EC: the load configuration, as
   image-config.c does for every other CPU, and what only a hybrid image has: the metadata with the pointers to the emulator's helpers, and the code
   between our import libraries' thunks and those.

   The layouts are those of the Windows SDK's winnt.h (IMAGE_LOAD_CONFIG_DIRECTORY64 and
   IMAGE_ARM64EC_METADATA); the helpers are in Microsoft's "Overview of ARM64EC ABI conventions".  */

typedef int mir_ucrt_not_empty_t; /* ISO C forbids a unit without a declaration */

/*---------------- Load configuration -----------------------------*/

/* The linker makes the symbols with two underscores that are not defined here.  */
__asm__ (
    ".section .rdata,\"dr\"\n.p2align 3\n.globl _load_config_used\n_load_config_used:\n"
    ".long mir_load_config_end-_load_config_used\n"
    ".zero 0x54\n"
    ".quad 0\n"               /* SecurityCookie */
    ".quad 0, 0\n"            /* SEHandlerTable, SEHandlerCount */
    ".quad mir_guard_check\n" /* GuardCFCheckFunctionPointer */
    ".quad 0\n"               /* GuardCFDispatchFunctionPointer */
    ".quad __guard_fids_table, __guard_fids_count\n"
    ".long __guard_flags\n"
    ".zero 12\n" /* CodeIntegrity */
    ".quad __guard_iat_table, __guard_iat_count\n"
    ".quad __guard_longjmp_table, __guard_longjmp_count\n"
    ".quad 0\n"               /* DynamicValueRelocTable */
    ".quad __chpe_metadata\n" /* CHPEMetadataPointer */
    "mir_load_config_end:\n"
    ".text\n");

/*---------------- Hybrid metadata -----------------------------*/

/* One pointer to a helper; the loader sets it.  */
#define HELPER(name) ".globl " #name "\n" #name ": .quad 0\n"

__asm__ (".section .00cfg,\"dr\"\n.p2align 4\n"
         HELPER (__os_arm64x_dispatch_call_no_redirect)
         HELPER (__os_arm64x_dispatch_ret)
         HELPER (__os_arm64x_check_call)
         HELPER (__os_arm64x_check_icall)
         HELPER (__os_arm64x_check_icall_cfg)
         HELPER (__os_arm64x_get_x64_information)
         HELPER (__os_arm64x_set_x64_information)
         HELPER (__os_arm64x_x64_jump)
         ".section .rdata,\"dr\"\n.p2align 3\n.globl __chpe_metadata\n__chpe_metadata:\n"
         ".long 1\n" /* Version */
         ".rva __hybrid_code_map\n"
         ".long __hybrid_code_map_count\n"
         ".rva __x64_code_ranges_to_entry_points\n"
         ".rva __arm64x_redirection_metadata\n"
         ".rva __os_arm64x_dispatch_call_no_redirect\n"
         ".rva __os_arm64x_dispatch_ret\n"
         ".rva __os_arm64x_check_call\n"
         ".rva __os_arm64x_check_icall\n"
         ".rva __os_arm64x_check_icall_cfg\n"
         ".rva __arm64x_native_entrypoint\n"
         ".rva __hybrid_auxiliary_iat\n"
         ".long __x64_code_ranges_to_entry_points_count\n"
         ".long __arm64x_redirection_metadata_count\n"
         ".rva __os_arm64x_get_x64_information\n"
         ".rva __os_arm64x_set_x64_information\n"
         ".rva __arm64x_extra_rfe_table\n"
         ".long __arm64x_extra_rfe_table_size\n"
         ".rva __os_arm64x_x64_jump\n"
         ".rva __hybrid_auxiliary_iat_copy\n"
         ".rva __hybrid_auxiliary_delayload_iat\n"
         ".rva __hybrid_auxiliary_delayload_iat_copy\n"
         ".long __hybrid_image_info_bitfield\n"
         ".text\n");

/* The thunk of an imported function jumps here, the function's address in x11 and its exit thunk in
   x10, as long as the loader has not put the function itself into the auxiliary import table.  The
   helper leaves in x11 where to go.  The parameters in x0 to x8 are kept.  */
__asm__ (
    ".text\n.p2align 4\n.globl __icall_helper_arm64ec\n__icall_helper_arm64ec:\n"
    ".seh_proc __icall_helper_arm64ec\n"
    "stp x29, x30, [sp, #-16]!\n"
    ".seh_save_fplr_x 16\n"
    "mov x29, sp\n"
    ".seh_set_fp\n"
    ".seh_endprologue\n"
    "adrp x16, __os_arm64x_check_icall\n"
    "ldr x16, [x16, #:lo12:__os_arm64x_check_icall]\n"
    "blr x16\n"
    ".seh_startepilogue\n"
    "ldp x29, x30, [sp], #16\n"
    ".seh_save_fplr_x 16\n"
    ".seh_endepilogue\n"
    "br x11\n"
    ".seh_endproc\n");
