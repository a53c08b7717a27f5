#!/usr/bin/env bash
# A real Slurm cluster of one node on this machine, for tests: everything lies below DIR, and only what
# was started here is ended, by process id.
#   cluster.sh start DIR [CPUS]      then: export SLURM_CONF=DIR/slurm.conf
#   cluster.sh stop DIR
set -euo pipefail
PATH=$PATH:/usr/sbin:/sbin
command=$1 dir=$2 cpus=${3:-4}
export SLURM_CONF=$dir/slurm.conf

write_configuration() {
  local host port me
  host=$(hostname -s) me=$(id -un)
  # Free ports, so that two clusters of two test runs do not meet.
  port=$(python3 -c 'import socket; s = [socket.socket() for _ in range(2)]; [x.bind(("127.0.0.1", 0)) for x in s]; print(*[x.getsockname()[1] for x in s])')
  cat >"$SLURM_CONF" <<CONF
ClusterName=pecia
SlurmctldHost=$host(127.0.0.1)
SlurmctldPort=${port% *}
SlurmUser=$me
SlurmdUser=$me
AuthType=auth/munge
AuthInfo=socket=$dir/munge/munge.sock,cred_expire=5
CryptoType=crypto/munge
MpiDefault=none
StateSaveLocation=$dir/state
SlurmdSpoolDir=$dir/spool
TmpFS=$dir/tmp
SlurmctldPidFile=$dir/slurmctld.pid
SlurmdPidFile=$dir/slurmd.pid
SlurmctldLogFile=$dir/slurmctld.log
SlurmdLogFile=$dir/slurmd.log
SwitchType=switch/none
ProctrackType=proctrack/linuxproc
TaskPlugin=task/none
JobAcctGatherType=jobacct_gather/none
AccountingStorageType=accounting_storage/none
ReturnToService=2
SlurmdParameters=config_overrides
SchedulerParameters=batch_sched_delay=0,sched_interval=1,bf_interval=1,sched_min_interval=0
KillWait=5
MinJobAge=3600
SelectType=select/cons_tres
SelectTypeParameters=CR_CPU
JobRequeue=1
NodeName=n1 NodeHostname=$host NodeAddr=127.0.0.1 Port=${port#* } CPUs=$cpus Boards=1 SocketsPerBoard=1 CoresPerSocket=$cpus ThreadsPerCore=1 RealMemory=2000 State=UNKNOWN
PartitionName=low Nodes=n1 Default=YES MaxTime=60
CONF
  echo "CgroupAutomount=no" >"$dir/cgroup.conf"
}

start() {
  mkdir -p "$dir"/{munge,state,spool,tmp}
  chmod 755 "$dir" "$dir/munge"
  head -c 128 /dev/urandom >"$dir/munge/key"
  chmod 400 "$dir/munge/key"
  write_configuration
  munged --socket="$dir/munge/munge.sock" --key-file="$dir/munge/key" --pid-file="$dir/munge/munged.pid" \
    --log-file="$dir/munge/munged.log" --seed-file="$dir/munge/seed" --num-threads=2
  slurmctld -f "$SLURM_CONF"
  slurmd -N n1 -f "$SLURM_CONF"
  for _ in $(seq 200); do
    [ "$(sinfo -h -N -t idle -o %N 2>/dev/null | sort -u)" = n1 ] && return 0
    sleep 0.1
  done
  echo "the cluster did not come up" >&2
  tail -n 20 "$dir"/slurm*.log >&2
  return 1
}

stop() {
  timeout 10 scancel --user="$(id -un)" 2>/dev/null || true
  for _ in $(seq 60); do
    [ -z "$(timeout 5 squeue -h -t R,CG -o %i 2>/dev/null)" ] && break
    sleep 0.2
  done
  local file pid pids=()
  for file in "$dir"/slurmd.pid "$dir"/slurmctld.pid "$dir"/munge/munged.pid; do
    [ -s "$file" ] || continue
    pid=$(cat "$file")
    # A pid may have been used again: only a daemon of this folder is ended.
    case "$(tr '\0' ' ' <"/proc/$pid/cmdline" 2>/dev/null)" in *"$dir"*) pids+=("$pid") ;; esac
  done
  [ "${#pids[@]}" -eq 0 ] && return 0
  kill "${pids[@]}" 2>/dev/null || true
  for _ in $(seq 50); do
    kill -0 "${pids[@]}" 2>/dev/null || return 0
    sleep 0.1
  done
  kill -9 "${pids[@]}" 2>/dev/null || true
}

case "$command" in
  start) start ;;
  stop) stop ;;
  *) echo "usage: cluster.sh start|stop DIR" >&2; exit 2 ;;
esac
