/* Included with EXACT set: the hooks for each CRT.  */
#define CRT 0
#include "ucrt/hooks-one-crt.h"
#undef CRT
#define CRT 1
#include "hooks-one-crt.h"
#undef CRT
#define CRT 2
#include "hooks-one-crt.h"
#undef CRT
#define CRT 3
#include "hooks-one-crt.h"
#undef CRT
