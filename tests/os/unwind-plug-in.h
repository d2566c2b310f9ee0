/* What the plug-in of the tests of unwinders exports.  */
#ifndef MIR_TESTS_OS_UNWIND_PLUG_IN_H
#define MIR_TESTS_OS_UNWIND_PLUG_IN_H

#ifdef __cplusplus
extern "C" {
#endif

/* Let FUNC, which calls its argument, call a function that throws 42.  Returns what was caught.  */
int catch_through (void (*func) (void (*callback) (void)));
typedef int catch_through_t (void (*func) (void (*callback) (void)));

#ifdef __cplusplus
}
#endif

#endif /* MIR_TESTS_OS_UNWIND_PLUG_IN_H */
