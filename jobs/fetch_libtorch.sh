#!/usr/bin/env bash
# Unpacks LibTorch, for the engine deepseek_ocr2, from PyTorch's wheel into build/_deps, where CMake looks for it.
# May be run again at any time. jobs/fetch_libtorch.sh --help
set -euo pipefail

top=$(cd "$(dirname "${BASH_SOURCE[0]}")/.." && pwd)
torch_version=2.11.0
# Libraries that its wheel needs and does not have, by soname, and the wheels with the versions that it names.
sister_wheels='
libcudart.so.13       nvidia-cuda-runtime==13.0.96
libcupti.so.13        nvidia-cuda-cupti==13.0.85
libcufile.so.0        nvidia-cufile==1.15.1.6
libcusparseLt.so.0    nvidia-cusparselt-cu13==0.8.0
libnvshmem_host.so.3  nvidia-nvshmem-cu13==3.4.5
libnccl.so.2          nvidia-nccl-cu13==2.28.9
libcudnn.so.9         nvidia-cudnn-cu13==9.19.0.56'

say() { printf '== %s\n' "$*"; }
elsewhere="Take LibTorch from elsewhere: load a PyTorch module, or set LibTorch_ROOT (docs/deepseek.md)"
die() { printf 'error: %s\n' "$*" >&2; exit 1; }

case "${1:-}" in
  -h|--help)
    cat <<TEXT
usage: jobs/fetch_libtorch.sh [DIR]
Downloads PyTorch $torch_version by pip (530 MB) and unpacks its C++ libraries into DIR (build/_deps: 1 GB), with the NVIDIA
wheels that they need and this machine has not: 300 MB beside a CUDA 13 toolkit, 15 MB without one, for the CPU
alone. Installs nothing. Needs Python 3 with pip, a network, and x86-64 Linux with glibc 2.28 or later.
TEXT
    exit ;;
  -*) die "unknown argument '$1' (try --help)" ;;
esac
deps=${1:-$top/build/_deps}

toolkit_libraries() {  # the folder of a CUDA toolkit that fits the wheel, or nothing
  local nvcc root
  nvcc=$(command -v nvcc || true)
  for root in "${CUDA_HOME:-}" "${nvcc:+$(dirname "$(dirname "$(readlink -f "$nvcc")")")}" /usr/local/cuda; do
    if [ -n "$root" ] && [ -e "$root/bin/nvcc" ] && [ -e "$root/lib64/libcudart.so.13" ]; then
      printf '%s\n' "$root/lib64"
      return
    fi
  done
}

is_there() {
  local header=$deps/torch/include/torch/headeronly/version.h
  [ -e "$deps/torch/lib/libtorch_cpu.so" ] && [ -e "$header" ] || return 1
  [ "$(sed -nE 's/^#define TORCH_VERSION_(MAJOR|MINOR|PATCH) +([0-9]+).*/\2/p' "$header" | paste -sd.)" = "$torch_version" ]
}

# fetch WHEEL...: unpacks them below $new/unpacked
fetch() {
  say "downloading $*"
  local tries=0  # pip itself does not begin again where a download breaks off
  until "${pip[@]}" download -q --no-deps --only-binary :all: --python-version 311 -d "$new/wheels" "$@" >"$new/log" 2>&1; do
    tries=$((tries + 1))
    if [ "$tries" -lt 3 ]; then
      say "it could not be downloaded ($(tail -n 1 "$new/log")): trying again"
      sleep 3
      continue
    fi
    tail -n 5 "$new/log" >&2
    die "pip could not download $*. Is there a network (compute nodes often have none: run this on a login node), and room in $deps? $elsewhere"
  done
  python3 - "$new/unpacked" "$new"/wheels/*.whl <<'PYTHON' || die "a wheel could not be unpacked into $deps"
import re, sys, zipfile
wanted = re.compile(r"(torch/(lib|include|share)|nvidia|[^/]+\.dist-info)/")
for wheel in sys.argv[2:]:
    with zipfile.ZipFile(wheel) as archive:
        archive.extractall(sys.argv[1], [name for name in archive.namelist() if wanted.match(name)])
PYTHON
  rm -rf "$new/wheels"
}

# put_beside PATTERN: moves these folders' files from $new/unpacked below $deps, each by one rename
put_beside() {
  local file
  (cd "$new/unpacked" && find . -path "./$1/*" -type f) | while IFS= read -r file; do
    mkdir -p "$deps/$(dirname "$file")"
    mv -f "$new/unpacked/$file" "$deps/$file"
  done
}

mkdir -p "$deps"
new=$(mktemp -d "$deps/.new.XXXXXX")
trap 'rm -rf "$new"' EXIT
pip=()
for candidate in "python3 -m pip" pip3 pip; do
  read -ra words <<<"$candidate"
  if "${words[@]}" --version >/dev/null 2>&1; then pip=("${words[@]}"); break; fi
done

need_pip() {
  [ "$(uname -sm)" = "Linux x86_64" ] || die "this is $(uname -sm): the wheels named here were only tried on Linux x86_64. $elsewhere"
  [ "${#pip[@]}" -gt 0 ] || die "there is no pip (Debian: apt-get install python3-pip). $elsewhere"
}

torch=$deps/torch
if ! is_there; then
  need_pip
  fetch "torch==$torch_version"
  torch=$new/unpacked/torch
fi

toolkit=$(toolkit_libraries)
backend=libtorch_cuda.so
if [ -z "$toolkit" ]; then
  backend=libtorch_cpu.so
  say "no CUDA 13 toolkit here: LibTorch is for the CPU alone"
fi
# The sister wheels that are there already lie where torch's RPATH looks, seen from $deps.
missing_libraries() {
  LD_LIBRARY_PATH="$toolkit:$deps/nvidia/cu13/lib:$deps/nvidia/cusparselt/lib:$deps/nvidia/nvshmem/lib:$deps/nvidia/nccl/lib:$deps/nvidia/cudnn/lib:${LD_LIBRARY_PATH:-}" \
    ldd "$torch/lib/$backend" | awk '/not found/ { print $1 }' | sort -u
}
wheels=() unknown=()
for library in $(missing_libraries); do
  wheel=$(awk -v library="$library" '$1 == library { print $2 }' <<<"$sister_wheels")
  if [ -n "$wheel" ]; then wheels+=("$wheel"); else unknown+=("$library"); fi
done
if [ "${#wheels[@]}" -gt 0 ]; then
  need_pip
  fetch "${wheels[@]}"
  put_beside nvidia
fi
if [ "${#unknown[@]}" -gt 0 ]; then
  say "LibTorch needs ${unknown[*]}, which no library folder has: load a complete CUDA 13 toolkit, or configure with -DPECIA_CUDA=OFF"
fi
[ ! -d "$new/unpacked" ] || put_beside '*.dist-info'  # licences
if [ "$torch" != "$deps/torch" ]; then  # last, since it is what is looked for
  [ ! -e "$deps/torch" ] || mv "$deps/torch" "$new/old"
  mv -T "$torch" "$deps/torch"
  say "LibTorch $torch_version is in $deps/torch"
fi
