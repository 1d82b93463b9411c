# How everything is compiled: warnings, compiler cache, sanitizers.

find_program(LATHE_CCACHE ccache)
if(LATHE_CCACHE)
  set(CMAKE_C_COMPILER_LAUNCHER ${LATHE_CCACHE})
  # What precompiled headers need of ccache (its manual, "Precompiled headers").
  set(CMAKE_CXX_COMPILER_LAUNCHER
      ${CMAKE_COMMAND} -E env CCACHE_SLOPPINESS=pch_defines,time_macros ${LATHE_CCACHE})
endif()

# A third less to compile than -O3, and as fast: loops that pay for -O3 ask for it themselves.
set(CMAKE_C_FLAGS_RELEASE "-O2 -DNDEBUG")
set(CMAKE_CXX_FLAGS_RELEASE "-O2 -DNDEBUG")

# Not lld: where GCC leaves an empty cold part at the address of another function, lld keeps only one
# of the two unwind entries, at times the empty one, and an exception ends the program.

add_compile_options(-g1 -fno-semantic-interposition)
if(LATHE_SANITIZE)
  add_compile_options(-fsanitize=${LATHE_SANITIZE} -fno-omit-frame-pointer)
  # With them g++ 12 takes the inside of std::regex for uninitialised.
  add_compile_options($<$<COMPILE_LANG_AND_ID:CXX,GNU>:-Wno-maybe-uninitialized>)
  add_link_options(-fsanitize=${LATHE_SANITIZE})
endif()

add_library(lathe_warnings INTERFACE)
target_compile_options(lathe_warnings INTERFACE -Wall -Wextra -Wpedantic -Wconversion)
# g++ 12 sees overlapping copies in "text" + std::string (GCC bug 105651).
target_compile_options(lathe_warnings INTERFACE $<$<COMPILE_LANG_AND_ID:CXX,GNU>:-Wno-restrict>)
# g++ 14 takes what a function with a temporary argument refers to for that temporary.
if(CMAKE_CXX_COMPILER_ID STREQUAL "GNU" AND CMAKE_CXX_COMPILER_VERSION VERSION_GREATER_EQUAL 13)
  target_compile_options(lathe_warnings INTERFACE $<$<COMPILE_LANGUAGE:CXX>:-Wno-dangling-reference>)
endif()
if(LATHE_WARNINGS_AS_ERRORS)
  target_compile_options(lathe_warnings INTERFACE -Werror)
endif()
