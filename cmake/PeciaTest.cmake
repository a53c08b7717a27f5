include(GoogleTest)
set(PECIA_MPIEXEC_FLAGS --oversubscribe --allow-run-as-root CACHE STRING "Flags for tests under mpiexec")

# pecia_add_test(<room>/<file> LIBS <lib>... [RANKS <n>...] [LABEL <label>] [TIMEOUT <seconds>]
#                [NEEDS <program target>...] [THREADS])
#
# Builds tests/<room>/<file>.cpp. Without RANKS it is an ordinary googletest program whose cases ctest
# lists one by one. With RANKS it runs under mpiexec once per count, as one ctest entry each, because
# ranks must agree which case they are in. Labels: unit (default), mpi, soak, slurm, fuzz, deepseek; gpu besides for
# cases whose name ends in cuda. THREADS: it, or a child of ours that it starts, has threads that share something; the
# others are not built by default, nor run, for ThreadSanitizer, which would find nothing.
# Tests find data by the macro PECIA_TEST_DATA and programs in PECIA_BIN_DIR.
function(pecia_add_test path)
  cmake_parse_arguments(arg "THREADS" "TIMEOUT;LABEL" "LIBS;RANKS;NEEDS" ${ARGN})
  string(REPLACE "/" "." name ${path})
  if(NOT arg_TIMEOUT)
    set(arg_TIMEOUT 60)
  endif()
  if(PECIA_SANITIZER)
    math(EXPR arg_TIMEOUT "4 * ${arg_TIMEOUT}")
  endif()
  if(NOT arg_LABEL)
    set(arg_LABEL unit)
  endif()
  add_executable(${name} ${PROJECT_SOURCE_DIR}/tests/${path}.cpp)
  set_target_properties(${name} PROPERTIES RUNTIME_OUTPUT_DIRECTORY ${PROJECT_BINARY_DIR}/tests)
  target_include_directories(${name} PRIVATE ${PROJECT_SOURCE_DIR}/tests)
  target_compile_definitions(${name} PRIVATE PECIA_TEST_DATA="${PROJECT_SOURCE_DIR}/tests/data"
    PECIA_BIN_DIR="${PROJECT_BINARY_DIR}/bin" PECIA_SOURCE_DIR="${PROJECT_SOURCE_DIR}")
  target_link_libraries(${name} PRIVATE pecia_flags ${arg_LIBS})
  target_compile_options(${name} PRIVATE -O0)  # compiles in two thirds of the time, half under asan
  if(arg_NEEDS)
    add_dependencies(${name} ${arg_NEEDS})
  endif()
  if(PECIA_SANITIZER STREQUAL "thread" AND NOT arg_THREADS)
    set_target_properties(${name} PROPERTIES EXCLUDE_FROM_ALL ON)
    return()
  endif()
  if(NOT arg_RANKS)
    target_link_libraries(${name} PRIVATE GTest::gtest_main GTest::gmock)
    gtest_discover_tests(${name} TEST_PREFIX "${path}:" DISCOVERY_MODE PRE_TEST DISCOVERY_TIMEOUT 120 TEST_LIST ${name}_cases
      PROPERTIES TIMEOUT ${arg_TIMEOUT} LABELS ${arg_LABEL})
    # Not by PROPERTIES above, which would pass on the first variable of the list alone. Tesseract in
    # process is ten times slower with threads of its own; its workers set this by themselves. The
    # number besides, as oneDNN computes half of a bf16 product where it gets fewer threads than that.
    set(environment ${CMAKE_CURRENT_BINARY_DIR}/${name}_environment.cmake)
    file(WRITE ${environment} "foreach(case IN LISTS ${name}_cases)
  set_tests_properties(\"\${case}\" PROPERTIES ENVIRONMENT \"OMP_THREAD_LIMIT=1;OMP_NUM_THREADS=1;${PECIA_TEST_ENVIRONMENT}\")
  if(case MATCHES \"[/_]cuda( |$)\")
    set_tests_properties(\"\${case}\" PROPERTIES LABELS \"${arg_LABEL};gpu\")
  endif()
endforeach()\n")
    set_property(DIRECTORY APPEND PROPERTY TEST_INCLUDE_FILES ${environment})
    return()
  endif()
  target_link_libraries(${name} PRIVATE pecia_mpi_main GTest::gmock)
  foreach(n IN LISTS arg_RANKS)
    add_test(NAME ${path}@${n}
      COMMAND ${MPIEXEC_EXECUTABLE} ${PECIA_MPIEXEC_FLAGS} ${MPIEXEC_NUMPROC_FLAG} ${n} $<TARGET_FILE:${name}>)
    set_tests_properties(${path}@${n} PROPERTIES TIMEOUT ${arg_TIMEOUT} LABELS mpi
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
