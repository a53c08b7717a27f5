include(GoogleTest)
set(PECIA_MPIEXEC_FLAGS --oversubscribe --allow-run-as-root CACHE STRING "Flags for tests under mpiexec")

# pecia_test_program(<target> <file>...): a program of tests in build/tests, which find data by the macro PECIA_TEST_DATA
# and programs in PECIA_BIN_DIR
function(pecia_test_program target)
  add_executable(${target} ${ARGN})
  set_target_properties(${target} PROPERTIES RUNTIME_OUTPUT_DIRECTORY ${PROJECT_BINARY_DIR}/tests)
  target_include_directories(${target} PRIVATE ${PROJECT_SOURCE_DIR}/tests)
  target_compile_definitions(${target} PRIVATE PECIA_TEST_DATA="${PROJECT_SOURCE_DIR}/tests/data"
    PECIA_BIN_DIR="${PROJECT_BINARY_DIR}/bin" PECIA_SOURCE_DIR="${PROJECT_SOURCE_DIR}")
  target_link_libraries(${target} PRIVATE pecia_flags GTest::gmock)
  target_compile_options(${target} PRIVATE -O0)  # compiles in two thirds of the time, half under asan
endfunction()

# pecia_test_timeout(<variable> <seconds, may be empty>): 120 by default, four times as long under sanitizers
function(pecia_test_timeout variable seconds)
  if(NOT seconds)
    set(seconds 120)
  endif()
  if(PECIA_SANITIZER)
    math(EXPR seconds "4 * ${seconds}")
  endif()
  set(${variable} ${seconds} PARENT_SCOPE)
endfunction()

# pecia_add_tests(<path> [COMPUTES] [TESTS <name>...] [THREADED <name>...] LIBS <lib>... [SOURCES <file>...]
#                 [INCLUDES <folder>...] [DEFINITIONS <macro>...] [NEEDS <program target>...] [LABEL <label>] [TIMEOUT <seconds>])
#
# One program, <path>_tests with _ for /, of the files <name>_test.cpp of the folder it is called in; ctest lists its cases
# one by one as <path>:<suite>.<case>. A room's tests share a program, and each file has its namespace <name>_test, as a
# program for each file would take three times as long to build (docs/developing.md).
# THREADED: those that, or whose children of ours, have threads that share something; the others are not built for
# ThreadSanitizer, which would find nothing. COMPUTES: they run for minutes unless they are optimised.
# Labels: unit (default), deepseek; gpu besides for cases whose name ends in cuda.
function(pecia_add_tests path)
  cmake_parse_arguments(arg "COMPUTES" "TIMEOUT;LABEL" "TESTS;THREADED;LIBS;SOURCES;INCLUDES;DEFINITIONS;NEEDS" ${ARGN})
  set(tests ${arg_THREADED})
  if(NOT PECIA_SANITIZER STREQUAL "thread")
    list(APPEND tests ${arg_TESTS})
  elseif(NOT tests)
    return()
  endif()
  list(TRANSFORM tests APPEND _test.cpp)
  string(REPLACE "/" "_" target ${path}_tests)
  pecia_test_program(${target} ${tests} ${arg_SOURCES})
  target_include_directories(${target} PRIVATE ${arg_INCLUDES})
  target_compile_definitions(${target} PRIVATE ${arg_DEFINITIONS})
  target_link_libraries(${target} PRIVATE ${arg_LIBS} GTest::gtest_main)
  if(arg_COMPUTES)
    target_compile_options(${target} PRIVATE -O1)
  endif()
  if(arg_NEEDS)
    add_dependencies(${target} ${arg_NEEDS})
  endif()
  if(NOT arg_LABEL)
    set(arg_LABEL unit)
  endif()
  pecia_test_timeout(timeout "${arg_TIMEOUT}")
  gtest_discover_tests(${target} TEST_PREFIX "${path}:" DISCOVERY_MODE PRE_TEST DISCOVERY_TIMEOUT 120 TEST_LIST ${target}_cases
    PROPERTIES TIMEOUT ${timeout} LABELS ${arg_LABEL})
  # Not by PROPERTIES above, which would pass on the first variable of the list alone. Tesseract in
  # process is ten times slower with threads of its own; its workers set this by themselves. The
  # number besides, as oneDNN computes half of a bf16 product where it gets fewer threads than that.
  set(environment ${CMAKE_CURRENT_BINARY_DIR}/${target}_environment.cmake)
  file(WRITE ${environment} "foreach(case IN LISTS ${target}_cases)
  set_tests_properties(\"\${case}\" PROPERTIES ENVIRONMENT \"OMP_THREAD_LIMIT=1;OMP_NUM_THREADS=1;${PECIA_TEST_ENVIRONMENT}\")
  if(case MATCHES \"[/_]cuda( |$)\")
    set_tests_properties(\"\${case}\" PROPERTIES LABELS \"${arg_LABEL};gpu\")
  endif()
endforeach()\n")
  set_property(DIRECTORY APPEND PROPERTY TEST_INCLUDE_FILES ${environment})
endfunction()

# pecia_add_mpi_test(<room>/<file> LIBS <lib>... RANKS <n>... [INCLUDES <folder>...] [TIMEOUT <seconds>])
#
# tests/<room>/<file>.cpp under mpiexec, once per count as one ctest entry each, because ranks must agree which case
# they are in; labelled mpi.
function(pecia_add_mpi_test path)
  cmake_parse_arguments(arg "" "TIMEOUT" "LIBS;RANKS;INCLUDES" ${ARGN})
  string(REPLACE "/" "." target ${path})
  pecia_test_program(${target} ${PROJECT_SOURCE_DIR}/tests/${path}.cpp)
  target_include_directories(${target} PRIVATE ${arg_INCLUDES})
  target_link_libraries(${target} PRIVATE ${arg_LIBS} pecia_mpi_main)
  pecia_test_timeout(timeout "${arg_TIMEOUT}")
  foreach(n IN LISTS arg_RANKS)
    add_test(NAME ${path}@${n}
      COMMAND ${MPIEXEC_EXECUTABLE} ${PECIA_MPIEXEC_FLAGS} ${MPIEXEC_NUMPROC_FLAG} ${n} $<TARGET_FILE:${target}>)
    set_tests_properties(${path}@${n} PROPERTIES TIMEOUT ${timeout} LABELS mpi
      PROCESSORS ${n} ENVIRONMENT "${PECIA_MPI_TEST_ENVIRONMENT}")
  endforeach()
endfunction()

# Children find their programs here, not in an installed pecia. Sanitizers: Open MPI's own leaks and
# lock orders are suppressed by name (cmake/*.supp).
set(PECIA_TEST_ENVIRONMENT
  "PECIA_LIBEXEC_DIR=${PROJECT_BINARY_DIR}/bin"
  "OMPI_MCA_mpi_yield_when_idle=1"
  "ASAN_OPTIONS=detect_stack_use_after_return=0"
  "LSAN_OPTIONS=suppressions=${PROJECT_SOURCE_DIR}/cmake/lsan.supp:print_suppressions=0"
  "UBSAN_OPTIONS=print_stacktrace=1"
  "TSAN_OPTIONS=suppressions=${PROJECT_SOURCE_DIR}/cmake/tsan.supp:halt_on_error=1")
# What Open MPI leaks is known by callers that only the slow unwinder sees: up to forty times slower where much is allocated.
list(TRANSFORM PECIA_TEST_ENVIRONMENT REPLACE "^LSAN_OPTIONS=.*" "\\0:fast_unwind_on_malloc=0" OUTPUT_VARIABLE PECIA_MPI_TEST_ENVIRONMENT)

# The Python that reads our HDF5 with h5py, to check it with other eyes: not always the first in PATH.
if(PECIA_PARTS STREQUAL "all" AND NOT PECIA_PYTHON)
  foreach(python IN ITEMS python3 /usr/bin/python3)
    execute_process(COMMAND ${python} -c "import h5py" RESULT_VARIABLE failed OUTPUT_QUIET ERROR_QUIET)
    if(failed EQUAL 0)
      set(PECIA_PYTHON ${python} CACHE STRING "A Python 3 with h5py, for tests")
      break()
    endif()
  endforeach()
  if(NOT PECIA_PYTHON)
    message(FATAL_ERROR "No Python 3 with h5py found (tests read HDF5 with it). On Debian: apt-get install "
      "python3-h5py; or configure with -DPECIA_TESTS=OFF")
  endif()
endif()
