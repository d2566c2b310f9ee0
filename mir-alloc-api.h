/* The version of the libraries and the visibility of their functions, for all public headers.

   MIR_ALLOC_API     a function of mir-alloc, which has none of MIR's names
   MIR_CONTEXT_API   a function of mir-alloc-mir: contexts, with MIR's names (mir.h)

   On Windows a program that uses the DLLs defines MIR_ALLOC_SHARED.  MIR_ALLOC_BUILD and
   MIR_CONTEXT_BUILD are defined while the one or the other library is built.  */
#ifndef MIR_ALLOC_API_H
#define MIR_ALLOC_API_H

/* Stands before each function of mir-alloc.  */
#if defined(_WIN32) && defined(MIR_ALLOC_SHARED) && defined(MIR_ALLOC_BUILD)
#define MIR_ALLOC_API __declspec (dllexport)
#elif defined(_WIN32) && defined(MIR_ALLOC_SHARED)
#define MIR_ALLOC_API __declspec (dllimport)
#elif defined(__GNUC__)
#define MIR_ALLOC_API __attribute__ ((visibility ("default")))
#else
#define MIR_ALLOC_API
#endif

/* Stands before each function of mir-alloc-mir.  */
#if defined(_WIN32) && defined(MIR_ALLOC_SHARED) && defined(MIR_CONTEXT_BUILD)
#define MIR_CONTEXT_API __declspec (dllexport)
#elif defined(_WIN32) && defined(MIR_ALLOC_SHARED)
#define MIR_CONTEXT_API __declspec (dllimport)
#elif defined(__GNUC__)
#define MIR_CONTEXT_API __attribute__ ((visibility ("default")))
#else
#define MIR_CONTEXT_API
#endif

/* The version that a program is compiled with, by the rules of semantic versioning.  The builds read
   these three lines, and nothing else states the version.  */
#define MIR_ALLOC_VERSION_MAJOR 1
#define MIR_ALLOC_VERSION_MINOR 0
#define MIR_ALLOC_VERSION_PATCH 0

/* As one number, which grows with each version: 10203 is 1.2.3.  */
#define MIR_ALLOC_VERSION \
  (MIR_ALLOC_VERSION_MAJOR * 10000 + MIR_ALLOC_VERSION_MINOR * 100 + MIR_ALLOC_VERSION_PATCH)

/* As text: "1.2.3".  */
#define MIR_ALLOC_VERSION_STRING            \
  MIR_ALLOC_TEXT_ (MIR_ALLOC_VERSION_MAJOR) \
  "." MIR_ALLOC_TEXT_ (MIR_ALLOC_VERSION_MINOR) "." MIR_ALLOC_TEXT_ (MIR_ALLOC_VERSION_PATCH)
#define MIR_ALLOC_TEXT_(number) MIR_ALLOC_QUOTED_ (number)
#define MIR_ALLOC_QUOTED_(number) #number

#ifdef __cplusplus
extern "C" {
#endif

/* The MIR_ALLOC_VERSION of the library that the program runs with, which may be a newer one than it
   was compiled with.  Any thread.  */
MIR_ALLOC_API int MIR_alloc_version (void);

#ifdef __cplusplus
}
#endif

#endif /* MIR_ALLOC_API_H */
