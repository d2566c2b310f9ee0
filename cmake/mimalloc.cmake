# Adds mimalloc as part of the libraries: an archive of its own, with the settings of
# subprojects/packagefiles/mimalloc/mir-mimalloc.c.

# Set VARIABLE to the version whose MI_MALLOC_VERSION is NUMBER, as people write it.
function (mir_alloc_name_version number variable)
  math (EXPR major "${number} / 10000")
  math (EXPR minor "${number} / 100 % 100")
  math (EXPR patch "${number} % 100")
  set (${variable} "${major}.${minor}.${patch}" PARENT_SCOPE)
endfunction ()

# Add the target mir-mimalloc from the source in FOLDER, and to `words` what is true of it.
function (mir_alloc_add_mimalloc folder)
  file (STRINGS "${PROJECT_SOURCE_DIR}/meson.build" floor REGEX "^mimalloc_floor = ")
  string (REGEX REPLACE ".*= " "" floor "${floor}")
  mir_alloc_name_version (${floor} floor_name)
  set (mir_alloc_mimalloc_floor "${floor_name}" PARENT_SCOPE)

  set (header "${folder}/include/mimalloc.h")
  if (NOT EXISTS "${header}" OR NOT EXISTS "${folder}/src/static.c")
    message (FATAL_ERROR "mir-alloc: ${folder} has no mimalloc: run ${PROJECT_SOURCE_DIR}/subprojects/get-mimalloc, "
      "or set MIR_ALLOC_MIMALLOC to a folder with the source of mimalloc ${floor_name} or newer")
  endif ()
  set_property (DIRECTORY APPEND PROPERTY CMAKE_CONFIGURE_DEPENDS "${header}")
  file (STRINGS "${header}" version REGEX "^#define MI_MALLOC_VERSION ")
  string (REGEX REPLACE "^#define MI_MALLOC_VERSION +([0-9]+).*" "\\1" version "${version}")
  if (NOT version MATCHES "^[0-9]+$")
    message (FATAL_ERROR "mir-alloc: ${header} does not state the version of mimalloc: "
      "mimalloc ${floor_name} or newer is needed")
  endif ()
  if (version LESS floor AND NOT version EQUAL 209)
    message (FATAL_ERROR "mir-alloc: mimalloc ${floor_name} or newer is needed; the number in ${header} is ${version}")
  endif ()
  if (version EQUAL 209)
    message (WARNING "mir-alloc: mimalloc 2.0.9, the last resort: everything works except a heap per context")
  else ()
    list (APPEND words heaps)
  endif ()

  set (own "${PROJECT_SOURCE_DIR}/subprojects/packagefiles/mimalloc")
  add_library (mir-mimalloc STATIC "${own}/mir-mimalloc.c")
  add_library (mir-alloc::mir-mimalloc ALIAS mir-mimalloc)
  set_target_properties (mir-mimalloc PROPERTIES
    C_STANDARD 11 C_EXTENSIONS TRUE INTERPROCEDURAL_OPTIMIZATION FALSE POSITION_INDEPENDENT_CODE TRUE)
  target_include_directories (mir-mimalloc PRIVATE "${folder}")
  target_include_directories (mir-mimalloc SYSTEM PUBLIC "$<BUILD_INTERFACE:${folder}/include>")
  target_compile_options (mir-mimalloc PRIVATE -w)
  target_link_libraries (mir-mimalloc PUBLIC Threads::Threads)
  if (WIN32)
    target_link_libraries (mir-mimalloc PUBLIC psapi shell32 user32 advapi32 bcrypt)
  else ()
    target_sources (mir-mimalloc PRIVATE "${own}/fork-order.c")
    target_compile_definitions (mir-mimalloc PRIVATE _FILE_OFFSET_BITS=64)
    # glibc keeps room in each thread for what dlopen brings in the model initial-exec; musl and bionic keep none.
    if (glibc IN_LIST words OR NOT linux IN_LIST words)
      target_compile_options (mir-mimalloc PRIVATE -ftls-model=initial-exec)
    else ()
      target_compile_options (mir-mimalloc PRIVATE -ftls-model=local-dynamic)
    endif ()
    set_target_properties (mir-mimalloc PROPERTIES C_VISIBILITY_PRESET hidden)
    if (cancel IN_LIST words)
      target_compile_definitions (mir-mimalloc PRIVATE MIR_HAS_CANCEL)
    endif ()
  endif ()

  if (linux IN_LIST words AND heaps IN_LIST words)
    set (CMAKE_TRY_COMPILE_TARGET_TYPE STATIC_LIBRARY)
    try_compile (takes_memory "${CMAKE_CURRENT_BINARY_DIR}/probes"
      SOURCES "${PROJECT_SOURCE_DIR}/src/probes/mimalloc-supply.c"
      CMAKE_FLAGS "-DINCLUDE_DIRECTORIES=${folder}/include"
      COMPILE_DEFINITIONS -Werror=implicit-function-declaration -Werror=incompatible-pointer-types
        -Werror=int-conversion)
    if (takes_memory)
      list (APPEND words supply)
    else ()
      message (WARNING "mir-alloc: this mimalloc does not take memory from us: "
        "the default heap maps and keeps what mimalloc does by itself")
    endif ()
  endif ()
  set (words "${words}" PARENT_SCOPE)
endfunction ()
