/* What symbols-module.c exports.  */
#ifndef MIR_TESTS_OS_SYMBOLS_MODULE_H
#define MIR_TESTS_OS_SYMBOLS_MODULE_H

/* Its static function function_of_module.  */
int (*get_function_of_module (void)) (void);

#endif /* MIR_TESTS_OS_SYMBOLS_MODULE_H */
