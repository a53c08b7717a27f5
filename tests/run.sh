#!/usr/bin/env bash
# Installs what is missing, builds pecia and runs every test; in CI also under the sanitizers.
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
    --label) label=${2:?--label needs one of unit mpi system soak slurm fuzz}; shift ;;
    -h|--help)
      cat <<'TEXT'
usage: tests/run.sh [--thorough] [--label unit|mpi|system|soak|slurm|fuzz]
  --thorough  also the benchmarks (--quick), and the unit and mpi tests under the sanitizers (asan, tsan), and 20 s of
              each fuzzer; on where CI=true
  --label L   only the tests with this label
PECIA_SOAK_SEED=N repeats the kill matrix with that seed (it prints its own).
TEXT
      exit 0 ;;
    *) die "unknown argument '$1' (try --help)" ;;
  esac
  shift
done

passed=0 failed=0
began=$SECONDS

# run_tests BUILD_FOLDER CTEST_OPTION...: adds to the counts
run_tests() {
  local folder=$1; shift
  local since=$SECONDS log; log=$(mktemp)
  ctest --test-dir "$folder" --output-on-failure --no-tests=error "$@" 2>&1 | tee "$log" | grep -vE '^ *(Start|Test +#)|^ *[0-9]+/[0-9]+ Test .*Passed'
  local line; line=$(grep -E 'tests passed, [0-9]+ tests? failed out of' "$log" | tail -n 1)
  local bad all
  bad=$(sed -nE 's/.*passed, ([0-9]+) tests? failed out of ([0-9]+).*/\1/p' <<<"$line")
  all=$(sed -nE 's/.*passed, ([0-9]+) tests? failed out of ([0-9]+).*/\2/p' <<<"$line")
  failed=$((failed + ${bad:-1}))
  passed=$((passed + ${all:-0} - ${bad:-0}))
  rm -f "$log"
  say "$* in $folder: $((SECONDS - since)) s"
}

# With clang, in a build tree of their own.
run_fuzzers() {
  (set -e; configure_and_build fuzz) || exit 1
  say "built the fuzzers after $((SECONDS - began)) s"
  run_tests "$top/build/fuzz" -L '^fuzz$' -j 2
}

(set -e; install_missing build test) || exit 1
if [ "$label" = fuzz ]; then
  run_fuzzers
  printf '%d passed, %d failed\n' "$passed" "$failed"
  [ "$failed" -eq 0 ] && [ "$passed" -gt 0 ]
  exit
fi

(set -e; configure_and_build default -DPECIA_TESTS=ON -DPECIA_BENCHMARKS=ON) || exit 1
say "installed and built after $((SECONDS - began)) s"

if [ -n "$label" ]; then
  run_tests "$top/build" -L "^$label\$" -j 2
else
  run_tests "$top/build" -j 3  # the long ones wait a good part of their time
fi

if [ "$thorough" = yes ]; then
  for name in accuracy balance end_to_end probe startup store; do  # that they still work, not how fast
    since=$SECONDS
    if "$top/build/bin/bench_$name" --quick >/dev/null; then passed=$((passed + 1)); else failed=$((failed + 1)); fi
    say "bench_$name --quick: $((SECONDS - since)) s"
  done
  case "$label" in ''|unit|mpi) presets=(asan tsan) ;; *) presets=() ;; esac
  for preset in "${presets[@]}"; do
    (set -e; configure_and_build "$preset") || exit 1
    say "built $preset after $((SECONDS - began)) s"
    run_tests "$top/build/$preset" -L "^(${label:-unit|mpi})\$" -j 2
  done
  [ -n "$label" ] || run_fuzzers
fi

say "all of it took $((SECONDS - began)) s"
printf '%d passed, %d failed\n' "$passed" "$failed"
[ "$failed" -eq 0 ] && [ "$passed" -gt 0 ]
