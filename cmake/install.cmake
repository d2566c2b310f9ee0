# Installs the libraries, their headers, and the package that find_package finds.  meson installs the same package, of
# the same templates.

# The names of targets stand in the package's own file, so there is no EXPORT.
install (TARGETS mir-alloc mir-alloc-mir mir-mimalloc
  RUNTIME DESTINATION "${CMAKE_INSTALL_BINDIR}" COMPONENT mir-alloc-runtime
  LIBRARY DESTINATION "${CMAKE_INSTALL_LIBDIR}" COMPONENT mir-alloc-runtime NAMELINK_COMPONENT mir-alloc-development
  ARCHIVE DESTINATION "${CMAKE_INSTALL_LIBDIR}" COMPONENT mir-alloc-development)

file (STRINGS src/mir-alloc.headers lines REGEX "^[^#]")
set_property (DIRECTORY APPEND PROPERTY CMAKE_CONFIGURE_DEPENDS src/mir-alloc.headers)
foreach (line IN LISTS lines)
  string (REGEX MATCH "^([^:]*): +(.*)$" line "${line}")
  set (folder "${CMAKE_INSTALL_INCLUDEDIR}/${CMAKE_MATCH_1}")
  separate_arguments (headers UNIX_COMMAND "${CMAKE_MATCH_2}")
  install (FILES ${headers} DESTINATION "${folder}" COMPONENT mir-alloc-development)
endforeach ()
install (FILES "${MIR_ALLOC_MIMALLOC}/include/mimalloc.h" DESTINATION "${CMAKE_INSTALL_INCLUDEDIR}/mir-alloc-default"
  COMPONENT mir-alloc-development)
install (FILES LICENSE DESTINATION "${CMAKE_INSTALL_DATADIR}/licenses/mir-alloc" COMPONENT mir-alloc-runtime)
install (FILES "${MIR_ALLOC_MIMALLOC}/LICENSE" DESTINATION "${CMAKE_INSTALL_DATADIR}/licenses/mir-alloc"
  RENAME LICENSE.mimalloc COMPONENT mir-alloc-runtime)

set (PACKAGE_VERSION "${PROJECT_VERSION}")
set (PACKAGE_SOVERSION "${PROJECT_VERSION_MAJOR}")
set (PACKAGE_MIMALLOC own)
set (PACKAGE_ATOMIC ${mir_alloc_atomic})
set (package "${CMAKE_INSTALL_FULL_LIBDIR}/cmake/mir-alloc")
file (RELATIVE_PATH PACKAGE_LIBDIR "${package}" "${CMAKE_INSTALL_FULL_LIBDIR}")
file (RELATIVE_PATH PACKAGE_BINDIR "${package}" "${CMAKE_INSTALL_FULL_BINDIR}")
file (RELATIVE_PATH PACKAGE_INCLUDEDIR "${package}" "${CMAKE_INSTALL_FULL_INCLUDEDIR}")
foreach (name mir-alloc-config mir-alloc-config-version)
  configure_file (cmake/${name}.cmake.in ${name}.cmake @ONLY)
  install (FILES "${CMAKE_CURRENT_BINARY_DIR}/${name}.cmake" DESTINATION "${CMAKE_INSTALL_LIBDIR}/cmake/mir-alloc"
    COMPONENT mir-alloc-development)
endforeach ()
