# Everything pecia is built on. What is missing stops the configuration, all of it named at once by its
# Debian package; jobs/setup.sh says how else to get it (jobs/packages.txt).
set(missing_packages)

# pecia_needs(<found> <Debian package>)
macro(pecia_needs found package)
  if(NOT ${found})
    list(APPEND missing_packages ${package})
  endif()
endmacro()

# pecia_find(<found> <Debian package> <argument of find_package>...)
macro(pecia_find found package)
  find_package(${ARGN})
  pecia_needs(${found} ${package})
endmacro()

include(PeciaEngineDependencies)
if(PECIA_PARTS STREQUAL "all")
  include(PeciaArchiveDependencies)
endif()
if(missing_packages)
  list(JOIN missing_packages " " missing_packages)
  message(STATUS "not found: ${missing_packages}")  # setup.sh reads this line
  message(FATAL_ERROR "pecia is built on packages that were not found: ${missing_packages} (Debian's names). "
    "jobs/packages.txt says what Spack and conda call them; CMAKE_PREFIX_PATH names places to look in.")
endif()
