#!/usr/bin/env bash
# "Hosts" on one machine: each has its own network, host name, /dev/shm and process ids; a bridge joins them. Root only.
#   hosts.sh up DIR N      makes h1..hN; DIR/net then has the first three numbers of their network
#   hosts.sh boot DIR H    starts H again after kill
#   hosts.sh in DIR H CMD  runs CMD on H
#   hosts.sh kill DIR H    powers H off: everything on it dies at once
#   hosts.sh down DIR
set -euo pipefail
command=$1 dir=$2

# Its number makes names and addresses of this set of hosts; two sets do not meet.
number() { cut -d. -f3 "$dir/net"; }
bridge() { echo "pecia$(number)"; }
cable() { echo "p$(number)$1"; }

boot() {
  local host=$1 outer pid
  # Process 1 of the host is the child of unshare.
  unshare -n -u -m -i -p --fork --kill-child=SIGKILL --mount-proc sh -c "
    hostname $host; mount -t tmpfs tmpfs /dev/shm; mount --bind $dir/hosts /etc/hosts
    echo ready >$dir/$host.ready; trap '' TERM INT HUP; while :; do sleep 1000 & wait; done" \
    </dev/null >"$dir/$host.log" 2>&1 &
  outer=$!
  echo $outer >"$dir/$host.unshare"
  for _ in $(seq 1500); do [ -s "$dir/$host.ready" ] && break; sleep 0.02; done
  rm "$dir/$host.ready"
  pid=$(awk '{print $1}' "/proc/$outer/task/$outer/children")
  echo "$pid" >"$dir/$host.pid"
  ip link add "$(cable "$host")" type veth peer name eth0 netns "$pid"
  ip link set "$(cable "$host")" master "$(bridge)" up
  nsenter -t "$pid" -n sh -c "ip link set lo up; ip addr add $(cat "$dir/net").$((10 + ${host#h}))/24 dev eth0; ip link set eth0 up"
}

up() {
  local tries n
  mkdir -p "$dir"
  for tries in $(seq 20); do
    echo "10.77.$((RANDOM % 254 + 1))" >"$dir/net"
    ip link add "$(bridge)" type bridge 2>/dev/null && break
    [ "$tries" -lt 20 ]
  done
  ip addr add "$(cat "$dir/net").1/24" dev "$(bridge)"
  ip link set "$(bridge)" up
  { echo "127.0.0.1 localhost"; echo "$(cat "$dir/net").1 $(hostname)"
    for n in $(seq "$1"); do echo "$(cat "$dir/net").$((10 + n)) h$n"; done; } >"$dir/hosts"
  for n in $(seq "$1"); do boot "h$n"; done
}

power_off() {
  kill -9 "$(cat "$dir/$1.pid")" 2>/dev/null || true
  for _ in $(seq 200); do kill -0 "$(cat "$dir/$1.unshare")" 2>/dev/null || break; sleep 0.02; done
  ip link del "$(cable "$1")" 2>/dev/null || true
}

case "$command" in
  up) up "$3" ;;
  boot) boot "$3" ;;
  in) pid=$(cat "$dir/$3.pid"); shift 3; exec nsenter -t "$pid" -n -u -m -p -i "$@" ;;
  kill) power_off "$3" ;;
  down)
    for file in "$dir"/h*.pid; do power_off "$(basename "$file" .pid)"; done
    ip link del "$(bridge)" ;;
  *) echo "usage: hosts.sh up|boot|in|kill|down DIR" >&2; exit 2 ;;
esac
