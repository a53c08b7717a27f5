#!/bin/bash
# Submits a job and its export to Slurm: slurm/submit.sh --help
set -euo pipefail
here=$(cd "$(dirname "${BASH_SOURCE[0]}")" && pwd)

usage() {
  cat <<'TEXT'
usage: slurm/submit.sh JOB.yaml [options] [-- options of sbatch for the run]
Submits the run of a job, and an export that begins when the run is complete; prints the ids of both. The same
command goes on with a run that was stopped. Refuses where a job works on the run already, or waits to.
  --site FILE         your site's settings; default: PECIA_SITE, or site.sh beside this script if there is one
  --script FILE       pecia.sbatch (GPU nodes), pecia-cpu.sbatch, pecia-mpirun.sbatch, or your own
  --formats F[,F]     of the export; default: md,txt,jsonl
  --out FOLDER        of the export; default: export/ in the run
  --no-export         submit the run only
  --set KEY=VALUE, --retry WHAT, --documents GLOB, --accept-job     go to pecia run
TEXT
}
refuse() { echo "submit.sh: $*" >&2; exit 1; }
wrong() { echo "submit.sh: $* (try --help)" >&2; exit 2; }

job='' script='' formats=md,txt,jsonl out='' with_export=yes run='' options=() sbatch_options=()
while [ $# -gt 0 ]; do
  case $1 in
    -h|--help) usage; exit 0 ;;
    --site) export PECIA_SITE=${2:?--site needs a file}; shift ;;
    --script) script=${2:?--script needs a file}; shift ;;
    --formats) formats=${2:?--formats needs a list}; shift ;;
    --out) out=${2:?--out needs a folder}; shift ;;
    --no-export) with_export=no ;;
    --set|--retry|--documents)
      options+=("$1" "${2:?$1 needs a value}")
      case $1:$2 in --set:run=*) run=${2#run=} ;; esac
      shift ;;
    --accept-job) options+=("$1") ;;
    --) shift; sbatch_options=("$@"); break ;;
    -*) wrong "unknown option $1" ;;
    *) [ -z "$job" ] || wrong "one job at a time: $job and $1"; job=$1 ;;
  esac
  shift
done
[ -n "$job" ] || wrong "it needs a job file"
[ -f "$job" ] || wrong "there is no job file $job"
[ -z "${PECIA_SITE:-}" ] || [ -r "$PECIA_SITE" ] || wrong "there is no site file $PECIA_SITE"
job=$(realpath "$job")
[ -z "${PECIA_SITE:-}" ] || { PECIA_SITE=$(realpath "$PECIA_SITE"); export PECIA_SITE; }
export PECIA_SLURM_DIR=$here

SBATCH_OPTIONS=() EXPORT_OPTIONS=() SCRIPT=pecia.sbatch
# shellcheck source=slurm/site.example.sh
[ ! -r "${PECIA_SITE:-$here/site.sh}" ] || . "${PECIA_SITE:-$here/site.sh}"
script=${script:-$SCRIPT}
[ -r "$script" ] || script=$here/$script
[ -r "$script" ] || wrong "there is no batch script $script"
command -v sbatch >/dev/null || refuse "there is no sbatch here: submit from a login node of the cluster"
pecia=${PECIA:-pecia}
if ! command -v "$pecia" >/dev/null && declare -F load_modules >/dev/null; then load_modules; fi
command -v "$pecia" >/dev/null || refuse "there is no program '$pecia': load its module, or set PECIA to its full path"

# Exit status 2: --set run=DIR, and nobody has begun it.
status=0
json=$("$pecia" status "${run:-$job}" --json) || status=$?
[ $status = 0 ] || { [ $status = 2 ] && [ -n "$run" ]; } || refuse "the job file or its run cannot be read"
value() { sed -nE "s/^ +\"$1\": \"?([^\"]*[^\",])\"?,?\$/\1/p" <<<"$json" | head -n 1; }
[ -n "$run" ] && run=$(realpath -m "$run") || run=$(value run)

# A job that another of these commands submitted, running or waiting; then one that the run itself names.
comment="pecia run=$run"
queue=$(squeue -h -o '%i|%T|%k') || refuse "squeue does not answer"
while IFS='|' read -r id state text; do
  [ "$text" != "$comment" ] || refuse "job $id ($state) works on $run already. Wait for it, or: scancel $id"
done <<<"$queue"
slurm_state=$(sed -nE '/^  "slurm": \{/,/^  \}/s/^ +"state": "([^"]*)",?$/\1/p' <<<"$json")
case $slurm_state in
  RUNNING|PENDING|SUSPENDED|COMPLETING|CONFIGURING|REQUEUED|REQUEUE_HOLD|SIGNALING|STOPPED)
    refuse "job $(value slurm_job) ($slurm_state) works on $run already. Wait for it, or: scancel $(value slurm_job)" ;;
  '') [ "$(value running)" != true ] || refuse "$run is in use (pecia status $run says by whom). Wait for it, or stop it" ;;
esac

id=$(sbatch --parsable --comment="$comment" ${SBATCH_OPTIONS[@]+"${SBATCH_OPTIONS[@]}"} \
  ${sbatch_options[@]+"${sbatch_options[@]}"} "$script" "$job" ${options[@]+"${options[@]}"})
id=${id%%;*}
echo "run $id  ($run; pecia status $run)"
[ $with_export = yes ] || exit 0
# afterok: a run with failed pages is complete, too; one that gave up or was cancelled is not exported.
[ -n "$out" ] && out=$(realpath -m "$out")
export_id=$(sbatch --parsable --dependency="afterok:$id" --kill-on-invalid-dep=yes --comment="pecia export=$run" \
  ${EXPORT_OPTIONS[@]+"${EXPORT_OPTIONS[@]}"} "$here/export.sbatch" "$run" "$formats" ${out:+"$out"})
echo "export ${export_id%%;*}  ($formats into ${out:-$run/export}, after the run)"
