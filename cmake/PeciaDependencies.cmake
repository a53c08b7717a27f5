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

# pecia_needs_module(<prefix> <pkg-config name> <Debian package>): imported target PkgConfig::<prefix>
macro(pecia_needs_module prefix module package)
  if(PKG_CONFIG_FOUND)
    pkg_check_modules(${prefix} IMPORTED_TARGET ${module})
  endif()
  pecia_needs(${prefix}_FOUND ${package})
endmacro()

pecia_find(PKG_CONFIG_FOUND pkg-config PkgConfig)
set(THREADS_PREFER_PTHREAD_FLAG ON)
find_package(Threads REQUIRED)

set(HDF5_PREFER_PARALLEL OFF)  # one writer per shard: the serial library is right, also beside MPI
pecia_find(MPI_C_FOUND libopenmpi-dev MPI COMPONENTS C)  # C: MPI_CXX drags in libmpi_cxx, gone in Open MPI 5
pecia_find(HDF5_FOUND libhdf5-dev HDF5 COMPONENTS C)
pecia_find(OPENSSL_FOUND libssl-dev OpenSSL COMPONENTS Crypto)
pecia_find(ZLIB_FOUND zlib1g-dev ZLIB)
pecia_find(TIFF_FOUND libtiff-dev TIFF)
pecia_find(JPEG_FOUND libjpeg-dev JPEG)
pecia_find(PNG_FOUND libpng-dev PNG)
pecia_find(fmt_FOUND libfmt-dev fmt QUIET)
pecia_find(spdlog_FOUND libspdlog-dev spdlog QUIET)
pecia_find(nlohmann_json_FOUND nlohmann-json3-dev nlohmann_json QUIET)
pecia_find(yaml-cpp_FOUND libyaml-cpp-dev yaml-cpp QUIET)
pecia_find(CLI11_FOUND libcli11-dev CLI11 QUIET)
pecia_needs_module(POPPLER_CPP poppler-cpp libpoppler-cpp-dev)
pecia_needs_module(OPENJPEG libopenjp2 libopenjp2-7-dev)
pecia_needs_module(TESSERACT tesseract libtesseract-dev)
pecia_needs_module(LEPTONICA lept libleptonica-dev)
pecia_needs_module(PCRE2 libpcre2-8 libpcre2-dev)
if(PCRE2_FOUND AND NOT TARGET PCRE2::PCRE2)
  add_library(PCRE2::PCRE2 ALIAS PkgConfig::PCRE2)
endif()
pecia_needs_module(PODOFO libpodofo libpodofo-dev)
# PoDoFo 0.9's .pc file says no version, its header does.
find_file(PODOFO_CONFIG_H podofo/base/podofo_config.h HINTS ${PODOFO_INCLUDE_DIRS} ${PODOFO_INCLUDEDIR})
if(NOT PODOFO_VERSION AND PODOFO_CONFIG_H)
  file(STRINGS ${PODOFO_CONFIG_H} lines REGEX "define PODOFO_VERSION_(MAJOR|MINOR|PATCH) ")
  string(REGEX REPLACE "[^0-9;]" "" PODOFO_VERSION "${lines}")
  list(JOIN PODOFO_VERSION "." PODOFO_VERSION)
endif()
if(PODOFO_VERSION VERSION_GREATER_EQUAL 0.10)
  message(STATUS "PoDoFo ${PODOFO_VERSION} was found; it has another interface, and pecia needs 0.9")
  list(APPEND missing_packages libpodofo-dev)
endif()
if(PECIA_TESTS)
  pecia_find(GTest_FOUND libgtest-dev GTest)
endif()
if(missing_packages)
  list(JOIN missing_packages " " missing_packages)
  message(STATUS "not found: ${missing_packages}")  # setup.sh reads this line
  message(FATAL_ERROR "pecia is built on packages that were not found: ${missing_packages} (Debian's names). "
    "jobs/packages.txt says what Spack and conda call them; CMAKE_PREFIX_PATH names places to look in.")
endif()

# What `pecia --config` prints: what was found, and built in.
string(JOIN "\n" PECIA_BUILD_CONFIGURATION
  "compiler: ${CMAKE_CXX_COMPILER_ID} ${CMAKE_CXX_COMPILER_VERSION}"
  "build type: ${CMAKE_BUILD_TYPE}"
  "sanitizer: ${PECIA_SANITIZER}"
  "HDF5: ${HDF5_VERSION}"
  "PoDoFo: ${PODOFO_VERSION}"
  "Poppler: ${POPPLER_CPP_VERSION}"
  "Tesseract: ${TESSERACT_VERSION}"
  "Leptonica: ${LEPTONICA_VERSION}"
  "libtiff: ${TIFF_VERSION_STRING}"
  "libjpeg: ${JPEG_VERSION}"
  "libpng: ${PNG_VERSION_STRING}"
  "OpenJPEG: ${OPENJPEG_VERSION}"
  "OpenSSL: ${OPENSSL_VERSION}"
  "PCRE2: ${PCRE2_VERSION}"
  "zlib: ${ZLIB_VERSION_STRING}"
  "fmt: ${fmt_VERSION}"
  "spdlog: ${spdlog_VERSION}"
  "yaml-cpp: ${yaml-cpp_VERSION}"
  "CLI11: ${CLI11_VERSION}"
  "nlohmann-json: ${nlohmann_json_VERSION}")
