# What `pecia --config` prints: what was found, and built in.
set(configuration
  "compiler: ${CMAKE_CXX_COMPILER_ID} ${CMAKE_CXX_COMPILER_VERSION}"
  "build type: ${CMAKE_BUILD_TYPE}"
  "sanitizer: ${PECIA_SANITIZER}"
  "CUDA: ${PECIA_CUDA_VERSION}"
  "LibTorch: ${PECIA_TORCH_VERSION}"
  "NCCL: ${PECIA_NCCL_VERSION}"
  "PCRE2: ${PCRE2_VERSION}"
  "fmt: ${fmt_VERSION}"
  "spdlog: ${spdlog_VERSION}"
  "nlohmann-json: ${nlohmann_json_VERSION}")
if(PECIA_PARTS STREQUAL "all")
  list(APPEND configuration
    "HDF5: ${HDF5_VERSION}"
    "PoDoFo: ${PODOFO_VERSION}"
    "qpdf: ${QPDF_VERSION}"
    "Poppler: ${POPPLER_CPP_VERSION}"
    "ICU: ${ICU_VERSION}"
    "Hunspell: ${HUNSPELL_VERSION}"
    "fontconfig: ${FONTCONFIG_VERSION}"
    "libseccomp: ${SECCOMP_VERSION}"
    "Tesseract: ${TESSERACT_VERSION}"
    "Leptonica: ${LEPTONICA_VERSION}"
    "libtiff: ${TIFF_VERSION_STRING}"
    "libjpeg: ${JPEG_VERSION}"
    "libpng: ${PNG_VERSION_STRING}"
    "OpenJPEG: ${OPENJPEG_VERSION}"
    "OpenSSL: ${OPENSSL_VERSION}"
    "zlib: ${ZLIB_VERSION_STRING}"
    "yaml-cpp: ${yaml-cpp_VERSION}"
    "CLI11: ${CLI11_VERSION}")
endif()
list(JOIN configuration "\n" PECIA_BUILD_CONFIGURATION)
