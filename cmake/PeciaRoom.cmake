# Flags of our own targets.
option(PECIA_WARNINGS_AS_ERRORS "Warnings of the compiler are errors; off for compilers that are newer than the code" ON)
add_library(pecia_flags INTERFACE)
target_compile_options(pecia_flags INTERFACE -Wall -Wextra -Wpedantic -Wconversion -Wshadow
  -Wnon-virtual-dtor -Woverloaded-virtual)
if(CMAKE_CXX_COMPILER_ID STREQUAL "GNU")
  if(PECIA_DEPS_DIR OR CMAKE_UNITY_BUILD)
    # With so much to inline, GCC 12 takes the other alternatives of a variant that is moved for uninitialised.
    target_compile_options(pecia_flags INTERFACE -Wno-maybe-uninitialized)
  endif()
  if(CMAKE_UNITY_BUILD)  # what a .cpp file has for itself looks as if it came from a header
    target_compile_options(pecia_flags INTERFACE -Wno-subobject-linkage)
  endif()
endif()
if(CMAKE_UNITY_BUILD AND CMAKE_CXX_COMPILER_ID MATCHES "Clang")  # a local of one file and a name of another's are no matter
  target_compile_options(pecia_flags INTERFACE -Wno-shadow)
endif()
if(PECIA_WARNINGS_AS_ERRORS)
  target_compile_options(pecia_flags INTERFACE -Werror)
endif()
if(PECIA_SANITIZER)
  add_compile_options(-fsanitize=${PECIA_SANITIZER} -fno-omit-frame-pointer -fno-sanitize-recover=all)
  add_link_options(-fsanitize=${PECIA_SANITIZER})
  add_compile_definitions(PECIA_SANITIZED=1)
  if(CMAKE_CXX_COMPILER_ID STREQUAL "GNU")  # instrumented code makes GCC 12 see overflows that are not there
    add_compile_options(-Wno-stringop-overflow -Wno-restrict -Wno-maybe-uninitialized)
  endif()
endif()

# pecia_add_room(<name> SOURCES <file>... [USES <room>...] [PRIVATE <target>...] [PUBLIC <target>...])
#
# One static library per room, from src/<name>/CMakeLists.txt. All headers of include/pecia/<name>
# belong to it and are compiled alone by the target `headers` (VERIFY_INTERFACE_HEADER_SETS).
function(pecia_add_room name)
  cmake_parse_arguments(arg "" "" "SOURCES;USES;PRIVATE;PUBLIC" ${ARGN})
  list(TRANSFORM arg_USES PREPEND pecia_)
  file(GLOB headers CONFIGURE_DEPENDS ${PROJECT_SOURCE_DIR}/include/pecia/${name}/*.hpp)
  add_library(pecia_${name} STATIC ${arg_SOURCES})
  target_sources(pecia_${name} PUBLIC FILE_SET HEADERS BASE_DIRS ${PROJECT_SOURCE_DIR}/include FILES ${headers})
  target_link_libraries(pecia_${name} PUBLIC ${arg_USES} ${arg_PUBLIC} PRIVATE pecia_flags ${arg_PRIVATE})
  set_target_properties(pecia_${name} PROPERTIES VERIFY_INTERFACE_HEADER_SETS ON)
endfunction()

# pecia_computes(<target>): its tests run for minutes under sanitizers unless it is optimised.
function(pecia_computes target)
  if(PECIA_SANITIZER)
    target_compile_options(${target} PRIVATE -O1)
  endif()
endfunction()

# pecia_add_program(<name> SOURCES <file>... LIBS <target>...): built into build/bin and installed.
function(pecia_add_program name)
  cmake_parse_arguments(arg "" "" "SOURCES;LIBS" ${ARGN})
  add_executable(${name} ${arg_SOURCES})
  target_link_libraries(${name} PRIVATE pecia_flags ${arg_LIBS})
  set_property(GLOBAL APPEND PROPERTY PECIA_PROGRAMS ${name})
endfunction()
