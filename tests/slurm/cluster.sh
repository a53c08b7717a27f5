#!/usr/bin/env bash
# A real Slurm cluster on this machine, for tests: everything lies below DIR, and only what was started here is
# ended, by process id.
#   cluster.sh start DIR [NODES] [CPUS]   then: export SLURM_CONF=DIR/slurm.conf   nodes n1.. on this host
#   HOSTS=1 cluster.sh start ...          nodes h1.., each a "host" of hosts.sh (root only)
#   cluster.sh boot DIR NODE              starts a node again that was powered off
#   cluster.sh stop DIR
# Partitions: low (preempted, GRACE seconds before it is ended), low0 (preempted at once), high (preempts both).
set -euo pipefail
PATH=$PATH:/usr/sbin:/sbin
here=$(cd "$(dirname "${BASH_SOURCE[0]}")" && pwd)
command=$1 dir=$2 nodes=${3:-1} cpus=${4:-4}
export SLURM_CONF=$dir/slurm.conf
[ ! -d "$dir/hosts" ] || HOSTS=1
letter=n; [ -z "${HOSTS:-}" ] || letter=h

write_configuration() {
  local host me ports n where controller=127.0.0.1
  host=$(hostname -s) me=$(id -un)
  [ -z "${HOSTS:-}" ] || controller=$(cat "$dir/hosts/net").1
  # Free ports, so that clusters of tests that run side by side do not meet; below those that the system gives to
  # connections, of which one may come before the daemon does.
  read -r -a ports < <(python3 -c 'import random, socket, sys
found = []
while len(found) < int(sys.argv[1]):
    taken = socket.socket()
    try:
        taken.bind(("", random.randrange(10000, 32000)))
        found.append(taken)
    except OSError:
        pass
print(*[x.getsockname()[1] for x in found])' $((nodes + 1)))
  cat >"$SLURM_CONF" <<CONF
ClusterName=pecia
SlurmctldHost=$host($controller)
SlurmctldPort=${ports[0]}
SlurmUser=$me
SlurmdUser=$me
AuthType=auth/munge
AuthInfo=socket=$dir/munge/munge.sock,cred_expire=5
CryptoType=crypto/munge
MpiDefault=none
StateSaveLocation=$dir/state
SlurmdSpoolDir=$dir/spool/%n
TmpFS=$dir/tmp/%n
SlurmctldPidFile=$dir/slurmctld.pid
SlurmdPidFile=$dir/slurmd-%n.pid
SlurmctldLogFile=$dir/slurmctld.log
SlurmdLogFile=$dir/slurmd-%n.log
SwitchType=switch/none
ProctrackType=proctrack/linuxproc
TaskPlugin=task/none
JobAcctGatherType=jobacct_gather/none
AccountingStorageType=accounting_storage/none
ReturnToService=2
SlurmdParameters=config_overrides
${CTLD_PARAMS:+SlurmctldParameters=$CTLD_PARAMS}
SchedulerParameters=batch_sched_delay=0,sched_interval=1,bf_interval=1,sched_min_interval=0
KillWait=5
SlurmdTimeout=10
MinJobAge=3600
SelectType=select/cons_tres
SelectTypeParameters=CR_CPU
PreemptType=preempt/partition_prio
PreemptMode=REQUEUE
JobRequeue=1
GresTypes=gpu
CONF
  for n in $(seq "$nodes"); do
    where="NodeHostname=$host NodeAddr=127.0.0.1"
    [ -z "${HOSTS:-}" ] || where="NodeHostname=h$n NodeAddr=$(cat "$dir/hosts/net").$((10 + n))"
    echo "NodeName=$letter$n $where Port=${ports[$n]} CPUs=$cpus Boards=1 SocketsPerBoard=1 CoresPerSocket=$cpus ThreadsPerCore=1 RealMemory=2000 Gres=gpu:1 State=UNKNOWN" >>"$SLURM_CONF"
    ln -sf /dev/null "$dir/gpu$n"  # a GPU must be a device whose name ends in a number
    echo "NodeName=$letter$n Name=gpu File=$dir/gpu$n" >>"$dir/gres.conf"
    mkdir -p "$dir/spool/$letter$n" "$dir/tmp/$letter$n"  # srun --mpi=pmix wants a folder of each node's own
  done
  cat >>"$SLURM_CONF" <<CONF
PartitionName=low Nodes=ALL Default=YES PriorityTier=1 PreemptMode=REQUEUE GraceTime=${GRACE:-10}
PartitionName=low0 Nodes=ALL PriorityTier=1 PreemptMode=REQUEUE GraceTime=0
PartitionName=high Nodes=ALL PriorityTier=10 PreemptMode=OFF
CONF
  echo "CgroupAutomount=no" >"$dir/cgroup.conf"
}

# What a dead node left in its TmpFS would make the next srun --mpi=pmix of the same job fail.
boot() {
  rm -rf "$dir/tmp/$1"/*
  if [ -n "${HOSTS:-}" ]; then
    kill -0 "$(cat "$dir/hosts/$1.pid")" 2>/dev/null || "$here/hosts.sh" boot "$dir/hosts" "$1"
    "$here/hosts.sh" in "$dir/hosts" "$1" slurmd -N "$1" -f "$SLURM_CONF"
  else
    slurmd -N "$1" -f "$SLURM_CONF"
  fi
}

start() {
  mkdir -p "$dir"/{munge,state,spool,tmp}
  chmod 755 "$dir" "$dir/munge"
  head -c 128 /dev/urandom >"$dir/munge/key"
  chmod 400 "$dir/munge/key"
  [ -z "${HOSTS:-}" ] || "$here/hosts.sh" up "$dir/hosts" "$nodes"
  munged --socket="$dir/munge/munge.sock" --key-file="$dir/munge/key" --pid-file="$dir/munge/munged.pid" \
    --log-file="$dir/munge/munged.log" --seed-file="$dir/munge/seed" --num-threads=2
  write_configuration
  slurmctld -f "$SLURM_CONF"
  local n
  for n in $(seq "$nodes"); do boot "$letter$n"; done
  for _ in $(seq 900); do  # on a busy machine daemons take their time
    [ "$(timeout 5 sinfo -h -N -p low -t idle -o %N 2>/dev/null | sort -u | wc -l)" = "$nodes" ] && return 0
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
  if [ -d "$dir/hosts" ]; then
    "$here/hosts.sh" down "$dir/hosts"
    rm -f "$dir"/slurmd-*.pid  # these are process ids within the hosts
  fi
  for file in "$dir"/slurmd-*.pid "$dir"/slurmctld.pid "$dir"/munge/munged.pid; do
    [ -s "$file" ] || continue
    pid=$(cat "$file")
    # A pid may have been used again: only a daemon of this folder is ended.
    case "$(tr '\0' ' ' <"/proc/$pid/cmdline" 2>/dev/null)" in *"$dir"*) pids+=("$pid") ;; esac
  done
  [ "${#pids[@]}" -eq 0 ] && return 0
  kill "${pids[@]}" 2>/dev/null || true
  for _ in $(seq 20); do
    kill -0 "${pids[@]}" 2>/dev/null || return 0
    sleep 0.1
  done
  kill -9 "${pids[@]}" 2>/dev/null || true  # nothing to save: the folder goes away
}

case "$command" in
  start) start ;;
  boot) boot "$3" ;;
  stop) stop ;;
  *) echo "usage: cluster.sh start|boot|stop DIR" >&2; exit 2 ;;
esac
