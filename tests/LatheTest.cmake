# lathe_test(FOLDER library... [WITHOUT SUBFOLDER...] [BY_FILE] [APART STEM...] [HEADERS header...]): an executable from the sources of tests/FOLDER,
# those of the subfolders excepted, which are some of their own; its cases are found after the build and
# run one by one, or BY_FILE (list_cases.cmake). It is called test_ and the last word of FOLDER. HEADERS: precompiled for
# it beside those of every test.
function(lathe_test path)
  cmake_parse_arguments(TEST "BY_FILE" "" "WITHOUT;APART;HEADERS" ${ARGN})
  get_filename_component(folder ${path} NAME)
  file(GLOB_RECURSE sources CONFIGURE_DEPENDS ${path}/*.cpp)
  foreach(subfolder ${TEST_WITHOUT})
    list(FILTER sources EXCLUDE REGEX "/${path}/${subfolder}/")
  endforeach()
  if(NOT sources)
    return()
  endif()
  add_executable(test_${folder} ${sources})
  target_link_libraries(test_${folder} PRIVATE ${TEST_UNPARSED_ARGUMENTS} lathe_test_support lathe_warnings)
  if(TEST_HEADERS)
    target_precompile_headers(test_${folder} PRIVATE ${TEST_HEADERS} ${LATHE_TEST_HEADERS})
  else()
    target_precompile_headers(test_${folder} REUSE_FROM lathe_test_support)
  endif()
  set_target_properties(test_${folder} PROPERTIES
    RUNTIME_OUTPUT_DIRECTORY ${PROJECT_BINARY_DIR}/tests)
  set(list ${CMAKE_CURRENT_BINARY_DIR}/cases_${folder}.cmake)
  add_custom_command(TARGET test_${folder} POST_BUILD
    COMMAND ${CMAKE_COMMAND} -D executable=$<TARGET_FILE:test_${folder}> -D folder=${folder}
            -D by_file=${TEST_BY_FILE} -D "apart=${TEST_APART}" -D list=${list} -P ${PROJECT_SOURCE_DIR}/tests/list_cases.cmake
    VERBATIM)
  set_property(DIRECTORY APPEND PROPERTY TEST_INCLUDE_FILES ${list})
endfunction()
