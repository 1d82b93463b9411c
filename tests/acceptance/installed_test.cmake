# The installed tree: whole, and able to list, to check itself, to train and to build a plugin.
#
#   cmake -D build=BUILD_FOLDER -D source=SOURCE_FOLDER -P installed_test.cmake

set(folder ${build}/tests/installed)
file(REMOVE_RECURSE ${folder})
file(MAKE_DIRECTORY ${folder})

# Runs a command in the folder and insists on success; `out` is what it says.
function(succeed)
  execute_process(COMMAND ${ARGV} WORKING_DIRECTORY ${folder}
                  RESULT_VARIABLE code OUTPUT_VARIABLE out ERROR_VARIABLE err)
  if(NOT code EQUAL 0)
    list(JOIN ARGV " " command)
    message(FATAL_ERROR "${command}\nended with ${code}\n${out}\n${err}")
  endif()
  set(out "${out}" PARENT_SCOPE)
endfunction()

succeed(${CMAKE_COMMAND} --install ${build} --prefix ${folder}/prefix)
set(lathe ${folder}/prefix/bin/lathe)

# Whatever the build has made as a part of Lathe.
file(GLOB_RECURSE parts RELATIVE ${build} ${build}/lib/*.so)
foreach(part ${parts})
  if(NOT EXISTS ${folder}/prefix/${part})
    message(FATAL_ERROR "${part} is built and not installed")
  endif()
endforeach()

succeed(${lathe} plugin list)
succeed(${lathe} selftest counts)
succeed(${lathe} sdk --python)
string(STRIP "${out}" python)
if(NOT EXISTS ${python}/lathe.py)
  message(FATAL_ERROR "the installed tree has no lathe.py in '${python}'")
endif()
succeed(${lathe} train jsc-toy jsc-sim --max-epochs 1 --project-dir . --project first)
succeed(${lathe} plugin build ${source}/examples/plugins/count_relu.cpp)
succeed(${lathe} transform jsc-toy jsc-sim --passes count_relu --plugin ./count_relu.so --json)
if(NOT out MATCHES "\"relus\": ?4")
  message(FATAL_ERROR "count_relu of the installed tree finds other than 4 relus:\n${out}")
endif()
file(REMOVE_RECURSE ${folder})
