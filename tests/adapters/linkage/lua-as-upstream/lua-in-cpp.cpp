// The same, compiled as C++.
#include "lua.c"
