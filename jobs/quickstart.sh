#!/usr/bin/env bash
# Installs what is missing, builds pecia, digitises the sample archive with 2 ranks and exports it.
# May be run again at any time; what is done stays done.
set -euo pipefail

top=$(cd "$(dirname "${BASH_SOURCE[0]}")/.." && pwd)
. "$top/jobs/setup.sh"

case "${1:-}" in
  "") ;;
  -h|--help)
    echo "usage: jobs/quickstart.sh"
    echo "Installs what is missing (apt, as root or by sudo), builds into build/, runs jobs/sample.yaml with 2 MPI ranks"
    echo "into runs/sample and exports it to runs/sample/export. Run it again at any time."
    exit 0 ;;
  *) die "unknown argument '$1' (try --help)" ;;
esac

install_missing build
tests=OFF
[ -f "$top/build/CMakeCache.txt" ] && grep -q '^PECIA_TESTS:BOOL=ON' "$top/build/CMakeCache.txt" && tests=ON
configure_and_build default -DPECIA_TESTS=$tests -DPECIA_BENCHMARKS=$tests  # both want Python

cd "$top"
pecia=build/bin/pecia
run=runs/sample
mapfile -t flags < <(mpirun_flags)
say "digitising jobs/sample with 2 ranks: mpirun -n 2 $pecia run jobs/sample.yaml"
mpirun "${flags[@]}" -n 2 "$pecia" run jobs/sample.yaml
"$pecia" verify "$run"
"$pecia" export "$run" --format md,txt,jsonl --out "$run/export"

cat <<TEXT

$("$pecia" status "$run")

  text of every document   $run/export/  (Markdown, text; pages.jsonl has a line for each page)
  the archive's HDF5       $run/corpus.h5
  the job file             jobs/sample.yaml   (jobs/example.yaml explains every key)
  next                     docs/tutorial.md: your own archive, on your cluster
TEXT
