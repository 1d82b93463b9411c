# What a user gets: built together by one target, so that `cmake --install` finds all of it.

include(GNUInstallDirs)
# One layout in the build tree and once installed, so that the host finds its parts either way.
set(LATHE_PLUGIN_DIR ${CMAKE_INSTALL_LIBDIR}/lathe/plugins)
set(CMAKE_RUNTIME_OUTPUT_DIRECTORY ${PROJECT_BINARY_DIR}/${CMAKE_INSTALL_BINDIR})
set(CMAKE_LIBRARY_OUTPUT_DIRECTORY ${PROJECT_BINARY_DIR}/${CMAKE_INSTALL_LIBDIR})
set(CMAKE_ARCHIVE_OUTPUT_DIRECTORY ${PROJECT_BINARY_DIR}/archive)
set(CMAKE_INSTALL_RPATH "$ORIGIN/../${CMAKE_INSTALL_LIBDIR};$ORIGIN")
set(CMAKE_BUILD_RPATH_USE_ORIGIN ON)

add_custom_target(lathe_installed)

# lathe_install(TARGET FOLDER): the one way in which a target is installed.
function(lathe_install target folder)
  install(TARGETS ${target} DESTINATION ${folder})
  add_dependencies(lathe_installed ${target})
endfunction()
