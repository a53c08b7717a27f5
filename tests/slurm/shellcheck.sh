#!/usr/bin/env bash
# Everything in bash.
set -u
cd "$(dirname "${BASH_SOURCE[0]}")/../.." || exit 1
command -v shellcheck >/dev/null || { echo "skipped: shellcheck not found (Debian: apt-get install shellcheck)"; exit 77; }
shellcheck -x slurm/*.sbatch slurm/*.sh tests/slurm/*.sh tests/run.sh jobs/*.sh cmake/*.sh benchmarks/*.sh
