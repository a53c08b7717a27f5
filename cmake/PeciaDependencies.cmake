# Everything pecia is built on. A missing package stops the configuration with its name and with the
# ways to get it; jobs/quickstart.sh installs them on Debian.
find_package(PkgConfig REQUIRED)
set(THREADS_PREFER_PTHREAD_FLAG ON)
find_package(Threads REQUIRED)

set(HDF5_PREFER_PARALLEL OFF)  # one writer per shard: the serial library is right, also beside MPI
find_package(MPI REQUIRED COMPONENTS C)  # C: MPI_CXX drags in libmpi_cxx, gone in Open MPI 5
find_package(HDF5 REQUIRED COMPONENTS C)
find_package(OpenSSL REQUIRED COMPONENTS Crypto)
find_package(ZLIB REQUIRED)
find_package(TIFF REQUIRED)
find_package(JPEG REQUIRED)
find_package(PNG REQUIRED)
find_package(fmt REQUIRED)
find_package(spdlog REQUIRED)
find_package(nlohmann_json REQUIRED)
find_package(yaml-cpp REQUIRED)
find_package(CLI11 REQUIRED)
pkg_check_modules(PODOFO REQUIRED IMPORTED_TARGET libpodofo)
# PoDoFo's .pc file says no version, its header does.
find_file(PODOFO_CONFIG_H podofo/base/podofo_config.h HINTS ${PODOFO_INCLUDE_DIRS} ${PODOFO_INCLUDEDIR})
if(NOT PODOFO_VERSION AND PODOFO_CONFIG_H)
  file(STRINGS ${PODOFO_CONFIG_H} lines REGEX "define PODOFO_VERSION_(MAJOR|MINOR|PATCH) ")
  string(REGEX REPLACE "[^0-9;]" "" PODOFO_VERSION "${lines}")
  list(JOIN PODOFO_VERSION "." PODOFO_VERSION)
endif()
pkg_check_modules(POPPLER_CPP REQUIRED IMPORTED_TARGET poppler-cpp)
pkg_check_modules(OPENJPEG REQUIRED IMPORTED_TARGET libopenjp2)
pkg_check_modules(TESSERACT REQUIRED IMPORTED_TARGET tesseract)
pkg_check_modules(LEPTONICA REQUIRED IMPORTED_TARGET lept)
if(PECIA_TESTS)
  find_package(GTest REQUIRED)
endif()

# What `pecia --config` prints: what was found, and built in.
string(JOIN "\n" PECIA_BUILD_CONFIGURATION
  "compiler: ${CMAKE_CXX_COMPILER_ID} ${CMAKE_CXX_COMPILER_VERSION}"
  "build type: ${CMAKE_BUILD_TYPE}"
  "sanitizer: ${PECIA_SANITIZER}"
  "MPI: ${MPI_C_VERSION} (${MPI_C_LIBRARY_VERSION_STRING})"
  "HDF5: ${HDF5_VERSION}"
  "PoDoFo: ${PODOFO_VERSION}"
  "Poppler: ${POPPLER_CPP_VERSION}"
  "Tesseract: ${TESSERACT_VERSION}"
  "Leptonica: ${LEPTONICA_VERSION}"
  "libtiff: ${TIFF_VERSION_STRING}"
  "libjpeg: ${JPEG_VERSION}"
  "libpng: ${PNG_VERSION_STRING}"
  "OpenJPEG: ${OPENJPEG_VERSION}"
  "OpenSSL: ${OPENSSL_VERSION}")
