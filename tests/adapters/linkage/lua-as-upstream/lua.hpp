// Declares Lua that was compiled as C, as upstream's lua.hpp does.
extern "C" {
#include "lua.h"
}
