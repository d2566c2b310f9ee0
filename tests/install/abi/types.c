/* The types that programs share with the libraries, as debug information for abi.py.  The containers are not among
   them: they are compiled into the program.  */
#include "mir.h"

#include "mir-alloc.h"
#include "mir-code-alloc.h"
#include "mir-code-object.h"
#include "mir-code-tools.h"
#include "mir-code.h"
#include "mir-heap.h"
#include "mir-trace.h"
#include "mir-ucrt.h"
