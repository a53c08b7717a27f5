#!/usr/bin/env bash
# Builds the engine part on a machine that has CUDA, CMake, Python and PyTorch alone, and no network; runs all tests and
# benchmarks that want a GPU, and sums them up in OUTDIR. benchmarks/gpu.sh --help
set -uo pipefail

top=$(cd "$(dirname "${BASH_SOURCE[0]}")/.." && pwd)
limit_s=470  # for all of it
out='' device=cuda
die() { printf 'error: %s\n' "$*" >&2; exit 2; }
say() { printf '== %s\n' "$*"; }

while [ $# -gt 0 ]; do
  case "$1" in
    --cpu) device=cpu ;;
    -h|--help)
      cat <<'TEXT'
usage: benchmarks/gpu.sh [--cpu] OUTDIR
Builds the engine part into build/gpu, runs the tests labelled gpu and bench_engine, in less than 8 minutes, and writes
OUTDIR/gpu.json and OUTDIR/gpu.md, with the logs beside them. Exit status: 0 all passed, 1 something failed or time was up.
  --cpu   a rehearsal where there is no GPU: the same build, the tests labelled deepseek, bench_engine --quick
LibTorch is found in LibTorch_ROOT, build/_deps, or the Python that is first in PATH. The small libraries come from the
folder PECIA_DEPS_DIR (build/engine_deps if that is not set), which has to be made before, on a Debian machine, and
carried along with the sources: cmake/collect_deps.sh build/engine_deps
TEXT
      exit ;;
    -*) die "unknown argument '$1' (try --help)" ;;
    *) out=$1 ;;
  esac
  shift
done
[ -n "$out" ] || die "where to? benchmarks/gpu.sh OUTDIR"
mkdir -p "$out" || die "'$out' cannot be made"
out=$(cd "$out" && pwd)
rm -f "$out"/{gpu.json,gpu.md,configure.log,build.log,tests.log,bench_engine.json,bench_engine.log,times.txt}

deps=${PECIA_DEPS_DIR:-$top/build/engine_deps}
[ -f "$deps/versions.cmake" ] ||
  die "no '$deps/versions.cmake'. On a Debian machine: cmake/collect_deps.sh build/engine_deps; then bring that folder here with the sources"
command -v nvcc >/dev/null || PATH=${CUDA_HOME:-/usr/local/cuda}/bin:$PATH
generation=90
if [ "$device" = cuda ]; then
  command -v nvcc >/dev/null || die "no nvcc in PATH, nor in ${CUDA_HOME:-/usr/local/cuda}/bin. Load a CUDA module, or rehearse with --cpu"
  generation=$(nvidia-smi --query-gpu=compute_cap --format=csv,noheader 2>/dev/null | head -n 1 | tr -d .)
  [ -n "$generation" ] || die "nvidia-smi shows no GPU here. Rehearse with --cpu"
fi

began=$SECONDS

# timed NAME SECONDS COMMAND...: in at most so many, and what is left of all; its output into NAME.log, its seconds and status into times.txt
timed() {
  local name=$1 allowed=$2 since=$SECONDS left status; shift 2
  left=$((limit_s - SECONDS + began))
  [ "$allowed" -lt "$left" ] || allowed=$left
  [ "$allowed" -gt 0 ] || allowed=1  # 0 would be no limit
  timeout --kill-after=5 "$allowed" "$@" >>"$out/$name.log" 2>&1
  status=$?
  printf '%s %s %s\n' "$name" $((SECONDS - since)) "$status" >>"$out/times.txt"
  say "$name: $((SECONDS - since)) s, status $status"
  return "$status"
}

label=gpu bench_options=()
[ "$device" = cuda ] || { label='deepseek|gpu' bench_options=(--quick); }
generator="Unix Makefiles"
command -v ninja >/dev/null && generator=Ninja
cuda=AUTO
[ "$device" = cpu ] || cuda=ON
status=0
# Warnings are no errors here: the compiler may be one that pecia has not been built with before.
if timed configure 60 cmake -S "$top" -B "$top/build/gpu" -G "$generator" -DPECIA_PARTS=engine -DPECIA_DEPS_DIR="$deps" \
  -DPECIA_TORCH=ON -DPECIA_CUDA="$cuda" -DPECIA_WARNINGS_AS_ERRORS=OFF -DPECIA_TESTS=ON -DPECIA_BENCHMARKS=ON \
  -DCMAKE_BUILD_TYPE=Release -DCMAKE_CXX_FLAGS_RELEASE="-O2 -DNDEBUG" -DCMAKE_CUDA_ARCHITECTURES="$generation-real" &&
  timed build 300 cmake --build "$top/build/gpu" -j "$(nproc)"; then
  timed tests 240 ctest --test-dir "$top/build/gpu" --output-on-failure --no-tests=error -L "^($label)\$" -j 1 || status=1
  bench=$top/build/gpu/bin/bench_engine
  if [ -x "${bench}_pages" ]; then
    timed bench_engine "$limit_s" "$bench" --device "$device" "${bench_options[@]}" --json "$out/bench_engine.json" || status=1
  fi
else
  status=1
  tail -n 40 "$out/configure.log" "$out/build.log" 2>/dev/null
fi
python3 "$top/benchmarks/gpu_summary.py" "$out" "$device" "$top" || status=1
cat "$out/gpu.md"
exit "$status"
