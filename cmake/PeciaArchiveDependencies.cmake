# What all but the engine part is built on: MPI, HDF5, PDF, codecs, Tesseract, job files, command line.

# pecia_needs_module(<prefix> <pkg-config name> <Debian package>): imported target PkgConfig::<prefix>
macro(pecia_needs_module prefix module package)
  if(PKG_CONFIG_FOUND)
    pkg_check_modules(${prefix} IMPORTED_TARGET ${module})
  endif()
  pecia_needs(${prefix}_FOUND ${package})
endmacro()

pecia_find(PKG_CONFIG_FOUND pkg-config PkgConfig)

set(HDF5_PREFER_PARALLEL OFF)  # one writer per shard: the serial library is right, also beside MPI
pecia_find(MPI_C_FOUND libopenmpi-dev MPI COMPONENTS C)  # C: MPI_CXX drags in libmpi_cxx, gone in Open MPI 5
pecia_find(HDF5_FOUND libhdf5-dev HDF5 COMPONENTS C)
pecia_find(OPENSSL_FOUND libssl-dev OpenSSL COMPONENTS Crypto)
pecia_find(ZLIB_FOUND zlib1g-dev ZLIB)
pecia_find(TIFF_FOUND libtiff-dev TIFF)
pecia_find(JPEG_FOUND libjpeg-dev JPEG)
pecia_find(PNG_FOUND libpng-dev PNG)
pecia_find(yaml-cpp_FOUND libyaml-cpp-dev yaml-cpp QUIET)
pecia_find(CLI11_FOUND libcli11-dev CLI11 QUIET)
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
