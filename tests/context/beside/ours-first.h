/* A unit that includes this library's headers before MIR's.  */
#ifndef MIR_TESTS_CONTEXT_BESIDE_OURS_FIRST_H
#define MIR_TESTS_CONTEXT_BESIDE_OURS_FIRST_H

#include <stdint.h>

#ifdef __cplusplus
extern "C" {
#endif

/* What MIR's _MIR_publish_code returns.  */
uint8_t *ours_first_publish (void);
/* 1 if a space could be created and finished, or if there can be none here.  */
int ours_first_space (void);

#ifdef __cplusplus
}
#endif

#endif /* MIR_TESTS_CONTEXT_BESIDE_OURS_FIRST_H */
