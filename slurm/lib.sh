# shellcheck shell=bash
# What the batch scripts share: sees a run through to its end over preemption, time limits, dead ranks and dead
# nodes. A script defines `launch` (and, where the ranks are told otherwise, `warn_ranks`), then calls run_to_its_end.
set -u

say() { printf '%s [job %s, restart %s] %s\n' "$(date '+%F %T')" "${SLURM_JOB_ID:-none}" "${SLURM_RESTART_COUNT:-0}" "$*"; }
die() { say "$*" >&2; exit 2; }

# ---- what the site says (site.example.sh)
here=$(cd "$(dirname "${BASH_SOURCE[0]}")" && pwd)
if [ -n "${PECIA_SITE:-}" ] && [ ! -r "$PECIA_SITE" ]; then die "PECIA_SITE names $PECIA_SITE, which cannot be read"; fi
site=${PECIA_SITE:-$here/site.sh}
# shellcheck source=slurm/site.example.sh
if [ -r "$site" ]; then . "$site"; fi
: "${MAX_RESTARTS_WITHOUT_PROGRESS:=5}" "${MIN_RUN_S:=60}" "${POLL_S:=15}" "${END_S:=60}" "${SILENT_S:=300}" "${START_S:=1800}" "${ANSWER_S:=900}"
pecia=${PECIA:-pecia}

load_site_modules() {
  if declare -F load_modules >/dev/null; then load_modules; fi
  command -v "$pecia" >/dev/null || die "there is no program '$pecia': set PECIA to its full path, or load its module in $here/site.sh"
}

# ---- what the run says of itself
# status JSON -> one value; strings without their quotes
field() { sed -nE "s/^  \"$1\": \"?([^\"]*[^\",])\"?,?\$/\1/p" <<<"$json"; }

# Sets json, state, epoch, pages_done, fruitless. Fails where the run does not answer (a file system that hangs), and
# leaves why in `answer`.
look() {
  json=$(timeout 120 "$pecia" status "$run" --json --no-slurm 2>/dev/null); answer=$?
  case $answer in
    0) state=$(field state) epoch=$(field epoch) pages_done=$(field 'done') fruitless=$(field starts_without_progress) ;;
    2) state=none epoch=0 pages_done=0 fruitless=0 ;;  # nobody has begun it
    *) return 1 ;;
  esac
}

# The same, again and again for ANSWER_S; then this job ends, or goes back into the queue where all hangs.
ask_run() {
  local since=$SECONDS
  until look; do
    if [ $ended = 1 ] || [ $((SECONDS - since)) -ge "$ANSWER_S" ]; then
      say "the run does not answer: $pecia status $run"
      if [ $ended = 1 ] || [ $answer = 124 ]; then again; fi
      exit 1
    fi
    sleep "$POLL_S"
  done
}

# ---- what Slurm says of this job
# Sets job_state, once the controller answers: nothing in ANSWER_S, or where this job is being ended.
ask_job_state() {
  local since=$SECONDS
  while job_state=$(job_field JobState); [ -z "$job_state" ] && [ $ended = 0 ] && [ $((SECONDS - since)) -lt "$ANSWER_S" ]; do
    sleep "$POLL_S"
  done
}
job_field() { scontrol -o show job "$SLURM_JOB_ID" 2>/dev/null | sed -nE "s/(.* )?$1=([^ ]*).*/\2/p"; }
is_preempted() { case $(job_field PreemptTime) in ''|None|N/A) return 1 ;; esac; }

# ---- warnings
warned=0 ended=0 step='' lived_s=0 began=$SECONDS job_state=''
trap warn USR1                   # the time limit is near, or preemption with preempt_send_user_signal
trap 'ended=1' TERM              # scancel, preemption, requeue or node failure: KILL follows. No trap for CONT.

# Tells the ranks to drain; its argument is the launcher's process. scancel --signal reaches the steps, not this script.
if ! declare -F warn_ranks >/dev/null; then
  warn_ranks() { scancel --signal=USR1 "$SLURM_JOB_ID"; }
fi

# Again and again: the first time may come before the step exists.
pass_warning_on() {
  while kill -0 "$1" 2>/dev/null; do warn_ranks "$1"; sleep 2 >/dev/null 2>&1; done
}

# In the trap itself, and once more after the start of a step: none that comes in between is lost.
warn() {
  [ $warned = 1 ] && return
  warned=1
  [ -z "$step" ] || pass_warning_on "$step" &
}

# ---- launchers that hang
# One that has to be killed leaves its steps behind; they go first, since its end is the end of this watch, too.
end_launcher() {
  kill -TERM "$1" 2>/dev/null
  for _ in 1 2 3 4 5 6 7 8 9 10; do
    sleep 1 >/dev/null 2>&1
    kill -0 "$1" 2>/dev/null || return
  done
  local id
  for id in $(squeue -h -s -j "$SLURM_JOB_ID" -o %i 2>/dev/null); do
    case $id in *.batch|*.extern|*.interactive) ;; *) scancel "$id" 2>/dev/null ;; esac
  done
  kill -KILL "$1" 2>/dev/null
}

# Whether the run's folder takes a file: where it is full or hangs, a run that waits for it can only be silent.
takes_files() {
  local probe; probe=$(field run)/.watch-$SLURM_JOB_ID
  timeout 60 dd if=/dev/zero of="$probe" bs=4096 count=1 conv=fsync 2>/dev/null
  local status=$?
  timeout 60 rm -f "$probe"
  return $status
}

# Ends the launcher ($1) where it stays though the job that it began (an epoch after $2) has ended, or where
# neither the lock is renewed nor a page is done any more. Time in which the run cannot be asked does not count.
watch_launcher() {
  local launcher=$1 before=$2 now seen='' changed=$SECONDS final_since='' limit
  while sleep "$POLL_S" >/dev/null 2>&1; kill -0 "$launcher" 2>/dev/null; do
    if ! look; then changed=$SECONDS final_since=''; continue; fi
    limit=$START_S
    if [ "$epoch" -gt "$before" ]; then
      limit=$SILENT_S
      case $state in complete|unfinished|failed|killed) final_since=${final_since:-$SECONDS} ;; *) final_since='' ;; esac
      if [ -n "$final_since" ] && [ $((SECONDS - final_since)) -ge "$END_S" ]; then
        say "the run is $state, but its launcher has not ended for $END_S s: ending it"
        end_launcher "$launcher"
        return
      fi
    fi
    now="$epoch $state $pages_done $(field lock_counter)"
    if [ "$now" != "$seen" ]; then seen=$now changed=$SECONDS; fi
    if [ $((SECONDS - changed)) -ge "$limit" ]; then
      if ! takes_files; then
        say "nothing was heard of the run for $limit s, but its folder takes no file (full? quota?): it is left to wait for room"
        changed=$SECONDS
        continue
      fi
      say "nothing was heard of the run for $limit s ($state): ending its launcher"
      end_launcher "$launcher"
      return
    fi
  done
}

# ---- ends
# Back into the queue, unless Slurm is ending this job anyway: a cancelled job must stay cancelled.
again() {
  sleep 1                        # a TERM meant for this script comes just after the one for the ranks
  if [ $warned = 0 ] && [ "$lived_s" -lt "$MIN_RUN_S" ] && ! is_preempted; then
    say "it lived for $lived_s s only: waiting a while before it goes back into the queue"
    while [ $ended = 0 ] && [ $warned = 0 ] && [ $((SECONDS - began)) -lt "$MIN_RUN_S" ]; do sleep 1; done
  fi
  local tries
  for tries in 1 2 3 4 5 6 7 8 9 10; do
    ask_job_state
    if [ $ended = 1 ] || [ "$job_state" != RUNNING ]; then break; fi
    say "not complete yet: back into the queue (try $tries)"
    # A job whose script ends is over: it waits for Slurm to end it.
    scontrol requeue "$SLURM_JOB_ID" && { while [ $ended = 0 ]; do sleep 0.5; done; exit 75; }
    sleep "$POLL_S"
  done
  say "Slurm is ending this job (${job_state:-no answer}); what is done is kept, and the same command goes on with it"
  exit 75
}

# Returns where the run is not complete.
end_if_complete() {
  local report complete
  report=$("$pecia" verify "$run" 2>&1); complete=$?
  say "the run is: ${report##*$'\n'}"
  case $complete in
    0) exit 0 ;;
    # Every page is accounted for, and no restart would change it: the job has done its work.
    3) say "pages that failed: pecia status $run; to read them again: pecia run $job --retry failed"; exit 0 ;;
    1) say "the run is damaged: $pecia verify $run says what, and verify --repair mends what can be"; exit 1 ;;
  esac
}

# Looks at what a start came to. Exits, or returns to start again in this allocation.
decide() {
  ask_run
  local of_this_start=no drained=no
  [ "$epoch" -gt "$epoch_before" ] && of_this_start=$state
  say "pecia ended with $status; the run: $state, $pages_done pages done"
  # Launchers distort the exit status, and a retry has not begun where the state is that of the job before.
  case $of_this_start:$status in complete:*|*:0|*:3) end_if_complete ;; esac
  [ "$status" = 2 ] && exit 2    # the command line or the job file: its message says what
  if [ $warned = 1 ] || [ "$status" = 75 ] || [ "$of_this_start" = unfinished ]; then drained=yes; fi
  if [ "$pages_done" != "$done_before" ]; then reruns=0; else reruns=$((reruns + 1)); fi
  [ "$fruitless" -gt "$reruns" ] && reruns=$fruitless
  # No start has come as far as to take the run, where they would be counted.
  [ "$epoch" = 0 ] && [ $((${SLURM_RESTART_COUNT:-0} + 1)) -gt "$reruns" ] && reruns=$((${SLURM_RESTART_COUNT:-0} + 1))
  # What Slurm takes away is no fault of the run.
  if [ "$reruns" -gt "$MAX_RESTARTS_WITHOUT_PROGRESS" ] && [ $ended = 0 ] && ! is_preempted; then
    say "giving up: $reruns starts without a page of progress (MAX_RESTARTS_WITHOUT_PROGRESS=$MAX_RESTARTS_WITHOUT_PROGRESS)." \
      "What is in the way stands above; mend it and submit the job again, nothing is lost"
    exit 1
  fi
  [ $drained = yes ] && again
  sleep 1
  ask_job_state
  if [ $ended = 1 ] || is_preempted || [ "$job_state" != RUNNING ]; then again; fi
  say "it did not come to its end: going on in this allocation"
}

# run_to_its_end JOB.yaml [options of pecia run]
run_to_its_end() {
  job=${1:?usage: sbatch SCRIPT JOB.yaml [options of pecia run]}
  shift
  load_site_modules
  # The run that is asked about: that of the job, or the one that --set run=DIR names.
  run=$job
  local setting
  for setting in "$@"; do
    case "${setting#--set=}" in run=*) run=${setting#*run=} ;; esac
  done
  say "$pecia run $job $* on $SLURM_JOB_NODELIST"
  reruns=0
  while :; do
    ask_run
    epoch_before=$epoch done_before=$pages_done began=$SECONDS
    # USR1 is ignored until pecia has its own handlers, so that none is killed by one that comes early.
    launch bash -c 'trap "" USR1; exec "$@"' _ "$pecia" run "$job" "$@" &
    step=$!
    [ $warned = 1 ] && pass_warning_on $step &
    watch_launcher $step "$epoch_before" &
    local watcher=$!
    while kill -0 $step 2>/dev/null; do wait $step; done  # wait returns early when a trap ran
    wait $step; status=$?
    step='' lived_s=$((SECONDS - began))
    kill $watcher 2>/dev/null
    [ $warned = 1 ] && say "warned: the ranks finished their pages and stopped"
    decide
  done
}
