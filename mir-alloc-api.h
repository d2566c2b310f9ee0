/* The visibility of the functions of the two libraries, for all public headers.

   MIR_ALLOC_API     a function of mir-alloc, which has none of MIR's names
   MIR_CONTEXT_API   a function of mir-alloc-mir: contexts, with MIR's names (mir.h)

   On Windows a program that uses the DLLs defines MIR_ALLOC_SHARED.  MIR_ALLOC_BUILD and
   MIR_CONTEXT_BUILD are defined while the one or the other library is built.  */
#ifndef MIR_ALLOC_API_H
#define MIR_ALLOC_API_H

#if defined(_WIN32) && defined(MIR_ALLOC_SHARED) && defined(MIR_ALLOC_BUILD)
#define MIR_ALLOC_API __declspec (dllexport)
#elif defined(_WIN32) && defined(MIR_ALLOC_SHARED)
#define MIR_ALLOC_API __declspec (dllimport)
#elif defined(__GNUC__)
#define MIR_ALLOC_API __attribute__ ((visibility ("default")))
#else
#define MIR_ALLOC_API
#endif

#if defined(_WIN32) && defined(MIR_ALLOC_SHARED) && defined(MIR_CONTEXT_BUILD)
#define MIR_CONTEXT_API __declspec (dllexport)
#elif defined(_WIN32) && defined(MIR_ALLOC_SHARED)
#define MIR_CONTEXT_API __declspec (dllimport)
#elif defined(__GNUC__)
#define MIR_CONTEXT_API __attribute__ ((visibility ("default")))
#else
#define MIR_CONTEXT_API
#endif

#endif /* MIR_ALLOC_API_H */
