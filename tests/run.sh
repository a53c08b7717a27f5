#!/usr/bin/env bash
# Installs what is missing, fetches LibTorch, builds pecia and runs every test; in CI also under the sanitizers.
# May be run again at any time. tests/run.sh --help
set -uo pipefail

top=$(cd "$(dirname "${BASH_SOURCE[0]}")/.." && pwd)
. "$top/jobs/setup.sh"

label=
thorough=no
[ "${CI:-}" = true ] && thorough=yes
while [ $# -gt 0 ]; do
  case "$1" in
    --thorough) thorough=yes ;;
    --label) label=${2:?--label needs one of unit mpi deepseek gpu system soak slurm fuzz}; shift ;;
    -h|--help)
      cat <<'TEXT'
usage: tests/run.sh [--thorough] [--label unit|mpi|deepseek|gpu|system|soak|slurm|fuzz]
  --thorough  also the benchmarks (--quick), the engine part alone (PECIA_PARTS=engine), the unit, mpi and deepseek tests
              under the sanitizers (asan, tsan; without LibTorch, which would take too long), and 20 s of each fuzzer; on
              where CI=true
  --label L   only the tests with this label; those of gpu are skipped, and counted so, where there is no GPU
PECIA_TEST_LIMIT_S=N leaves sanitizers or fuzzers out that would not be done after N seconds, and counts them as skipped.
PECIA_TORCH=OFF builds without LibTorch and the engine deepseek_ocr2. PECIA_SOAK_SEED=N repeats the kill matrix with that seed (it prints its own).
TEXT
      exit 0 ;;
    *) die "unknown argument '$1' (try --help)" ;;
  esac
  shift
done

passed=0 failed=0 skipped=0
began=$SECONDS

# has_time SECONDS NAME: whether that many are left of PECIA_TEST_LIMIT_S; else it says what is left out, and counts it.
has_time() {
  [ $((SECONDS - began + $1)) -le "${PECIA_TEST_LIMIT_S:-$((SECONDS + $1))}" ] && return 0
  say "left out, as it takes up to $1 s and PECIA_TEST_LIMIT_S is $PECIA_TEST_LIMIT_S: $2"
  skipped=$((skipped + 1))
  return 1
}

# run_tests BUILD_FOLDER CTEST_OPTION...: adds to the counts
run_tests() {
  local folder=$1; shift
  local since=$SECONDS log; log=$(mktemp)
  ctest --test-dir "$folder" --output-on-failure --no-tests=error "$@" 2>&1 | tee "$log" | grep -vE '^ *(Start|Test +#)|^ *[0-9]+/[0-9]+ Test .*Passed'
  local line; line=$(grep -E 'tests passed, [0-9]+ tests? failed out of' "$log" | tail -n 1)
  local bad all unrun
  bad=$(sed -nE 's/.*passed, ([0-9]+) tests? failed out of ([0-9]+).*/\1/p' <<<"$line")
  all=$(sed -nE 's/.*passed, ([0-9]+) tests? failed out of ([0-9]+).*/\2/p' <<<"$line")
  unrun=$(grep -cE '^\s+[0-9]+ - .* \(Skipped\)$' "$log")  # ctest counts them as passed
  failed=$((failed + ${bad:-1}))
  skipped=$((skipped + unrun))
  passed=$((passed + ${all:-0} - ${bad:-0} - unrun))
  rm -f "$log"
  say "$* in $folder: $((SECONDS - since)) s"
}

summary() {
  printf '%d passed, %d failed, %d skipped\n' "$passed" "$failed" "$skipped"
  [ "$failed" -eq 0 ] && [ $((passed + skipped)) -gt 0 ]
}

# Configured and built as on a machine that has LibTorch, a compiler, CMake and Make alone. The tests of the engine have
# run already: here only what comes from PECIA_DEPS_DIR, and that the program starts.
check_engine_part() {
  local folder=$top/build/engine launcher=() targets=(device_tests) log; log=$(mktemp)
  command -v ccache >/dev/null && launcher=(-DCMAKE_CXX_COMPILER_LAUNCHER=ccache)
  [ "$torch" = OFF ] || targets+=(pecia-deepseek)
  if ! {
    "$top/cmake/collect_deps.sh" "$top/build/engine_deps" &&
      cmake -S "$top" -B "$folder" -G "Unix Makefiles" -DPECIA_PARTS=engine -DPECIA_DEPS_DIR="$top/build/engine_deps" \
        -DPECIA_CUDA=OFF -DPECIA_TORCH="$torch" -DCMAKE_BUILD_TYPE=Release -DCMAKE_CXX_FLAGS_RELEASE="-O0 -DNDEBUG" -DCMAKE_UNITY_BUILD=ON "${launcher[@]}" &&
      cmake --build "$folder" -j "$(nproc)" --target "${targets[@]}"
  } >"$log" 2>&1; then
    tail -n 60 "$log"
    rm -f "$log"
    return 1
  fi
  rm -f "$log"
  run_tests "$folder" -R '^device:' -j 2
  [ "$torch" = OFF ] || "$folder/bin/pecia-deepseek" --describe
}

# That they still work, not how fast: two at a time.
run_benchmarks() {
  local names=(accuracy balance end_to_end engine export merge preprocess probe searchable_pdf startup store)
  local since=$SECONDS broken name
  broken=$(printf '%s\n' "${names[@]}" |  # not by &, where Ctrl-C would leave them running
    bin=$top/build/bin xargs -P 2 -I{} sh -c "\"\$bin/bench_{}\" --quick >/dev/null || echo {}")
  for name in $broken; do say "bench_$name --quick failed"; done
  failed=$((failed + $(wc -w <<<"$broken")))
  passed=$((passed + ${#names[@]} - $(wc -w <<<"$broken")))
  say "${#names[@]} benchmarks --quick: $((SECONDS - since)) s"
}

# With clang, in a build tree of their own.
run_fuzzers() {
  (set -e; configure_and_build fuzz -DCMAKE_CXX_FLAGS_RELWITHDEBINFO="-O0 -g1") || exit 1  # compiled in half the time
  say "built the fuzzers after $((SECONDS - began)) s"
  run_tests "$top/build/fuzz" -L '^fuzz$' -j 2
}

(set -e; install_missing build test) || exit 1
if [ "$label" = fuzz ]; then
  run_fuzzers
  summary
  exit
fi

torch=${PECIA_TORCH:-ON}
[ "$torch" = OFF ] || (set -e; fetch_libtorch) || exit 1
# One generation of GPUs: what is tested is that it compiles.
(set -e; configure_and_build default -DPECIA_TESTS=ON -DPECIA_BENCHMARKS=ON -DPECIA_TORCH="$torch" \
  -DCMAKE_CUDA_ARCHITECTURES=90-real) || exit 1
say "installed and built after $((SECONDS - began)) s"

# Open MPI 4 removes its folder of all jobs with the last of them, when another may just be making its own in it; not where
# there is something of somebody else's.
session=${TMPDIR:-/tmp}/ompi.$(uname -n | cut -d. -f1).$(id -u)
mkdir -p "$session/tests.$$"
trap '{ rmdir "$session/tests.$$" && rmdir --ignore-fail-on-non-empty "$session"; } 2>/dev/null' EXIT

if [ -n "$label" ]; then
  run_tests "$top/build" -L "^$label\$" -j 2
else
  run_tests "$top/build" -j 3  # the long ones wait a good part of their time
fi

if [ "$thorough" = yes ]; then
  run_benchmarks
  case "$label" in
    ''|deepseek)
      since=$SECONDS
      if check_engine_part; then passed=$((passed + 1)); else failed=$((failed + 1)); fi
      say "the engine part alone: $((SECONDS - since)) s" ;;
  esac
  case "$label" in ''|unit|mpi|deepseek) presets=(asan tsan) ;; *) presets=() ;; esac
  for preset in "${presets[@]}"; do
    has_time "$([ "$preset" = asan ] && echo 1500 || echo 750)" "$preset" || continue
    (set -e; configure_and_build "$preset") || exit 1
    say "built $preset after $((SECONDS - began)) s"
    run_tests "$top/build/$preset" -L "^(${label:-unit|mpi|deepseek})\$" -j 3
  done
  [ -n "$label" ] || ! has_time 420 "the fuzzers" || run_fuzzers
fi

say "all of it took $((SECONDS - began)) s"
summary
