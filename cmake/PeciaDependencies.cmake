# Everything pecia is built on. What is missing stops the configuration, all of it named at once by its
# Debian package; jobs/setup.sh says how else to get it (jobs/packages.txt).
set(missing_packages)

# pecia_needs(<found> <Debian package>)
macro(pecia_needs found package)
  if(NOT ${found})
    list(APPEND missing_packages ${package})
  endif()
endmacro()

# pecia_needs_module(<prefix> <pkg-config name> <Debian package>): imported target PkgConfig::<prefix>
macro(pecia_needs_module prefix module package)
  if(PKG_CONFIG_FOUND)
    pkg_check_modules(${prefix} IMPORTED_TARGET ${module})
  endif()
  pecia_needs(${prefix}_FOUND ${package})
endmacro()

find_package(PkgConfig)
pecia_needs(PKG_CONFIG_FOUND pkg-config)
set(THREADS_PREFER_PTHREAD_FLAG ON)
find_package(Threads REQUIRED)

set(HDF5_PREFER_PARALLEL OFF)  # one writer per shard: the serial library is right, also beside MPI
find_package(MPI COMPONENTS C)  # C: MPI_CXX drags in libmpi_cxx, gone in Open MPI 5
pecia_needs(MPI_C_FOUND libopenmpi-dev)
find_package(HDF5 COMPONENTS C)
pecia_needs(HDF5_FOUND libhdf5-dev)
find_package(OpenSSL COMPONENTS Crypto)
pecia_needs(OPENSSL_FOUND libssl-dev)
find_package(ZLIB)
pecia_needs(ZLIB_FOUND zlib1g-dev)
find_package(TIFF)
pecia_needs(TIFF_FOUND libtiff-dev)
find_package(JPEG)
pecia_needs(JPEG_FOUND libjpeg-dev)
if(ZLIB_FOUND)
  find_package(PNG)
endif()
pecia_needs(PNG_FOUND libpng-dev)
find_package(fmt QUIET)
pecia_needs(fmt_FOUND libfmt-dev)
find_package(spdlog QUIET)
pecia_needs(spdlog_FOUND libspdlog-dev)
find_package(nlohmann_json QUIET)
pecia_needs(nlohmann_json_FOUND nlohmann-json3-dev)
find_package(yaml-cpp QUIET)
pecia_needs(yaml-cpp_FOUND libyaml-cpp-dev)
find_package(CLI11 QUIET)
pecia_needs(CLI11_FOUND libcli11-dev)
pecia_needs_module(POPPLER_CPP poppler-cpp libpoppler-cpp-dev)
pecia_needs_module(OPENJPEG libopenjp2 libopenjp2-7-dev)
pecia_needs_module(TESSERACT tesseract libtesseract-dev)
pecia_needs_module(LEPTONICA lept libleptonica-dev)
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
  find_package(GTest)
  pecia_needs(GTest_FOUND libgtest-dev)
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
  "zlib: ${ZLIB_VERSION_STRING}"
  "fmt: ${fmt_VERSION}"
  "spdlog: ${spdlog_VERSION}"
  "yaml-cpp: ${yaml-cpp_VERSION}"
  "CLI11: ${CLI11_VERSION}"
  "nlohmann-json: ${nlohmann_json_VERSION}")
