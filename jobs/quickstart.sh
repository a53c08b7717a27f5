#!/usr/bin/env bash
# Installs what is missing, builds pecia, digitises the sample archive with 2 ranks and exports it.
# May be run again at any time; what is done stays done.
set -euo pipefail

top=$(cd "$(dirname "${BASH_SOURCE[0]}")/.." && pwd)
. "$top/jobs/setup.sh"

with_deepseek=no
case "${1:-}" in
  "") ;;
  --with-deepseek) with_deepseek=yes ;;
  -h|--help)
    echo "usage: jobs/quickstart.sh [--with-deepseek]"
    echo "Installs what is missing (apt, as root or by sudo), builds into build/, runs jobs/sample.yaml with 2 MPI ranks"
    echo "into runs/sample and exports it to runs/sample/export. Run it again at any time."
    echo "--with-deepseek also fetches LibTorch (550 to 850 MB), builds the engine deepseek_ocr2, and lets a miniature model of"
    echo "its architecture (jobs/reader) read pages of digits. The real model's weights: docs/deepseek.md."
    exit 0 ;;
  *) die "unknown argument '$1' (try --help)" ;;
esac

install_missing build
tests=OFF
[ -f "$top/build/CMakeCache.txt" ] && grep -q '^PECIA_TESTS:BOOL=ON' "$top/build/CMakeCache.txt" && tests=ON
options=(-DPECIA_TESTS="$tests" -DPECIA_BENCHMARKS="$tests")  # both want Python
if [ "$with_deepseek" = yes ]; then
  fetch_libtorch
  options+=(-DPECIA_TORCH=ON)
fi
configure_and_build default "${options[@]}"

cd "$top"
pecia=build/bin/pecia
run=runs/sample
mapfile -t flags < <(mpirun_flags)
say "digitising jobs/sample with 2 ranks: mpirun -n 2 $pecia run jobs/sample.yaml"
mpirun "${flags[@]}" -n 2 "$pecia" run jobs/sample.yaml
"$pecia" verify "$run"
over=()
[ ! -d "$run/export" ] || [ -e "$run/export/export.json" ] || over=(--force)  # an earlier pecia wrote it, which kept no list
"$pecia" export "$run" --format md,txt,jsonl,alto,pdf --out "$run/export" "${over[@]}"

cat <<TEXT

$("$pecia" status "$run")

  text of every document   $run/export/  (Markdown, text, ALTO, searchable PDF; pages.jsonl has a line for each page)
  the archive's HDF5       $run/corpus.h5
  the job file             jobs/sample.yaml   (jobs/example.yaml explains every key)
  next                     docs/tutorial.md: your own archive, on your cluster
TEXT

if [ "$with_deepseek" = yes ]; then
  say "the engine deepseek_ocr2 with a miniature model: $pecia read --engine deepseek_ocr2 --set engine.weights=jobs/reader/checkpoint"
  "$pecia" read --engine deepseek_ocr2 --set engine.weights=jobs/reader/checkpoint \
    jobs/reader/samples/{00_clean_0,02_clean_4,05_page_0,10_page_2,14_page_3,23_blank_0}.png
fi
