# Finds LibTorch, the C++ libraries of PyTorch: unpacked from a wheel, from the official archive, from a cluster module.
#
#   LibTorch::cpu     tensors on the CPU (c10, torch_cpu)
#   LibTorch::cuda    the same and the CUDA backend. Exists where libtorch_cuda and the CUDA toolkit do
#   LibTorch_VERSION  such as 2.11.0
#
# Looks in LibTorch_ROOT (a folder with include/ and lib/), Torch_DIR, CMAKE_PREFIX_PATH, where the form <prefix>/share/cmake
# that PyTorch prints is understood too, build/_deps, where the scripts unpack a wheel, and the Python that is first in PATH,
# as a module or a virtual environment leaves it. It runs none of PyTorch's own CMake code, which turns CUDA on by itself,
# overwrites CMAKE_CUDA_ARCHITECTURES and CMAKE_CUDA_FLAGS, and needs a C++17 CUDA standard here.
set(_hints)
if(Torch_DIR)
  list(APPEND _hints ${Torch_DIR}/../../..)
endif()
string(REPLACE ":" ";" _prefixes "$ENV{CMAKE_PREFIX_PATH}")
foreach(_prefix IN LISTS CMAKE_PREFIX_PATH _prefixes)
  list(APPEND _hints ${_prefix} ${_prefix}/../.. ${_prefix}/torch)
endforeach()
list(APPEND _hints ${PROJECT_SOURCE_DIR}/build/_deps/torch)

find_path(LibTorch_INCLUDE_DIR ATen/ATen.h HINTS ${_hints} PATH_SUFFIXES include)
if(NOT LibTorch_INCLUDE_DIR)
  # Asked where its torch is, without importing it, which takes seconds.
  execute_process(COMMAND python3 -c "import importlib.util as u; s = u.find_spec('torch'); print(s.submodule_search_locations[0] if s else '')"
    OUTPUT_VARIABLE _package OUTPUT_STRIP_TRAILING_WHITESPACE ERROR_QUIET)
  if(_package)
    find_path(LibTorch_INCLUDE_DIR ATen/ATen.h PATHS ${_package}/include NO_DEFAULT_PATH)
  endif()
endif()
get_filename_component(_root "${LibTorch_INCLUDE_DIR}" DIRECTORY)
foreach(_lib c10 torch_cpu c10_cuda torch_cuda)  # all from the folder of the headers: never a mixture of two versions
  find_library(LibTorch_${_lib}_LIBRARY ${_lib} PATHS ${_root}/lib NO_DEFAULT_PATH)
  mark_as_advanced(LibTorch_${_lib}_LIBRARY)
endforeach()

foreach(_header torch/headeronly/version.h torch/csrc/api/include/torch/version.h)  # the first since 2.9
  if(NOT LibTorch_VERSION AND EXISTS "${LibTorch_INCLUDE_DIR}/${_header}")
    file(STRINGS ${LibTorch_INCLUDE_DIR}/${_header} _lines REGEX "define TORCH_VERSION_(MAJOR|MINOR|PATCH) ")
    string(REGEX MATCHALL "[0-9]+" _numbers "${_lines}")
    list(JOIN _numbers . LibTorch_VERSION)
  endif()
endforeach()

include(FindPackageHandleStandardArgs)
find_package_handle_standard_args(LibTorch
  REQUIRED_VARS LibTorch_torch_cpu_LIBRARY LibTorch_c10_LIBRARY LibTorch_INCLUDE_DIR
  VERSION_VAR LibTorch_VERSION
  REASON_FAILURE_MESSAGE "Set LibTorch_ROOT to a folder with include/ATen and lib/libtorch_cpu.so, or PECIA_TORCH=OFF.")
mark_as_advanced(LibTorch_INCLUDE_DIR)

if(LibTorch_FOUND AND NOT TARGET LibTorch::cpu)
  # Archives before 2.7 may have the old std::string; a program cannot mix the two.
  file(STRINGS ${LibTorch_c10_LIBRARY} _new_abi REGEX "__cxx11" LIMIT_COUNT 1)
  if(NOT _new_abi)
    message(FATAL_ERROR "${_root} was built with _GLIBCXX_USE_CXX11_ABI=0. Take the 'cxx11 ABI' archive, or 2.7 or newer.")
  endif()
  add_library(LibTorch::c10 SHARED IMPORTED)
  # Searched after the system's folders: it brings headers of others along, fmt among them in another version than the
  # library that we link.
  set_target_properties(LibTorch::c10 PROPERTIES
    IMPORTED_LOCATION ${LibTorch_c10_LIBRARY}
    INTERFACE_COMPILE_OPTIONS "$<$<COMPILE_LANGUAGE:CXX>:-idirafter${LibTorch_INCLUDE_DIR};-idirafter${LibTorch_INCLUDE_DIR}/torch/csrc/api/include>")
  add_library(LibTorch::cpu SHARED IMPORTED)
  set_target_properties(LibTorch::cpu PROPERTIES
    IMPORTED_LOCATION ${LibTorch_torch_cpu_LIBRARY}
    INTERFACE_LINK_LIBRARIES LibTorch::c10)
endif()

if(LibTorch_FOUND AND NOT TARGET LibTorch::cuda AND LibTorch_torch_cuda_LIBRARY AND TARGET CUDA::cudart)
  add_library(LibTorch::c10_cuda SHARED IMPORTED)
  set_target_properties(LibTorch::c10_cuda PROPERTIES
    IMPORTED_LOCATION ${LibTorch_c10_cuda_LIBRARY}
    INTERFACE_LINK_LIBRARIES "LibTorch::c10;CUDA::cudart")
  add_library(LibTorch::torch_cuda SHARED IMPORTED)
  set_target_properties(LibTorch::torch_cuda PROPERTIES IMPORTED_LOCATION ${LibTorch_torch_cuda_LIBRARY})
  add_library(LibTorch::cuda INTERFACE IMPORTED)
  # A wheel takes the CUDA libraries from its sister wheels or else from the toolkit, whose folder the loader may not
  # know. So what is not beside torch is needed here, first: our RUNPATH names the folder, and torch finds it loaded.
  set(_toolkit)
  foreach(_lib cudart cupti nvJitLink cublasLt cublas cufft curand cusparse cusolver cudnn nccl)
    file(GLOB _beside ${_root}/lib/lib${_lib}[-.]*so* ${_root}/../nvidia/*/lib/lib${_lib}.so.*)
    find_library(LibTorch_${_lib}_LIBRARY ${_lib} HINTS ${CUDAToolkit_LIBRARY_DIR})
    mark_as_advanced(LibTorch_${_lib}_LIBRARY)
    if(NOT _beside AND LibTorch_${_lib}_LIBRARY)
      list(APPEND _toolkit ${LibTorch_${_lib}_LIBRARY})
    endif()
  endforeach()
  # Nothing calls libtorch_cuda by name: it registers itself when loaded, so it must not be dropped as unneeded.
  set_target_properties(LibTorch::cuda PROPERTIES INTERFACE_LINK_LIBRARIES
    "-Wl,--push-state,--no-as-needed;${_toolkit};LibTorch::torch_cuda;-Wl,--pop-state;LibTorch::cpu;LibTorch::c10_cuda")
endif()
