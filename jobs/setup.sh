# shellcheck shell=bash
# Sourced by jobs/quickstart.sh and tests/run.sh: installs what is missing, configures and builds.
# Expects `top`, the top of the source tree.
: "${top:?}"

packages="$top/jobs/packages.txt"

say() { printf '== %s\n' "$*"; }
die() { printf 'error: %s\n' "$*" >&2; exit 1; }

# packages_for WORD...: names of the Debian packages for these purposes
packages_for() {
  local word
  for word in "$@"; do
    awk -F'|' -v word="$word" '!/^#/ { gsub(/ /, "", $1); gsub(/ /, "", $2); if ($2 == word) print $1 }' "$packages"
  done
}

is_debian() { command -v dpkg-query >/dev/null && command -v apt-get >/dev/null; }

missing_packages() {
  local name
  for name in "$@"; do
    dpkg-query -W -f '${db:Status-Abbrev}' "$name" 2>/dev/null | grep -q '^ii' || printf '%s\n' "$name"
  done
}

# How to get packages without root: by module, Spack or conda.
explain_missing() {
  printf '\nThese packages are needed and not installed (Debian calls them so):\n\n' >&2
  local name
  for name in "$@"; do
    awk -F'|' -v name="$name" '!/^#/ { key = $1; gsub(/ /, "", key); if (key == name)
      printf "  %-22s Spack:%-22s conda-forge:%-18s %s\n", key, $3, $4, $5 }' "$packages" >&2
  done
  cat >&2 <<'TEXT'

Ways to get them without root:
  modules   module load gcc openmpi hdf5 ... (module avail; ask your site for what is not there)
  Spack     spack install <names above>; spack load <names above>
  conda     conda create -n pecia -c conda-forge <names above>; conda activate pecia
then run this script again. CMake finds what is loaded; CMAKE_PREFIX_PATH names other places.
TEXT
}

# install_missing WORD...: installs the packages for these purposes with apt, as root or by sudo.
# Elsewhere it only says what to look for, and lets CMake be the judge.
install_missing() {
  local wanted missing
  mapfile -t wanted < <(packages_for "$@")
  if ! is_debian; then
    say "this is no Debian or Ubuntu: the packages are taken from what is loaded here"
    return 0
  fi
  mapfile -t missing < <(missing_packages "${wanted[@]}")
  [ "${#missing[@]}" -eq 0 ] && return 0
  say "installing ${missing[*]}"
  local as_root=()
  if [ "$(id -u)" -ne 0 ]; then
    if command -v sudo >/dev/null && sudo -n true 2>/dev/null; then
      as_root=(sudo)
    else
      explain_missing "${missing[@]}"
      say "no root and no sudo without a password: going on with what is there"
      return 0
    fi
  fi
  local apt=("${as_root[@]}" env DEBIAN_FRONTEND=noninteractive apt-get -qq -o DPkg::Lock::Timeout=300 -o Acquire::Retries=5)
  "${apt[@]}" update || say "apt-get update failed: going on with the lists that are there"
  "${apt[@]}" install -y --no-install-recommends "${missing[@]}" >/dev/null ||
    { explain_missing "${missing[@]}"; die "apt-get could not install all of them"; }
}

# explain_failed_configuration LOG: Debian knows what is missing; elsewhere CMake has named all of it.
explain_failed_configuration() {
  local names
  if is_debian; then
    mapfile -t names < <(packages_for build)
    mapfile -t names < <(missing_packages "${names[@]}")
  else
    mapfile -t names < <(sed -n 's/^-- not found: //p' "$1" | tr ' ' '\n')
  fi
  [ "${#names[@]}" -eq 0 ] || explain_missing "${names[@]}"
}

# fetch_libtorch: into build/_deps, unless CMake finds one without: named, or of the active Python
fetch_libtorch() {
  [ -z "${LibTorch_ROOT:-}" ] || return 0
  [ "$(python3 -c "import importlib.util as u; print(u.find_spec('torch') is not None)" 2>/dev/null)" != True ] || return 0
  [ -e "$top/build/_deps/torch" ] || python3 -m pip --version >/dev/null 2>&1 || install_missing torch
  "$top/jobs/fetch_libtorch.sh"
}

# configure_and_build PRESET [cmake options]: into build/ or build/PRESET
configure_and_build() {
  local preset=$1; shift
  command -v cmake >/dev/null || { explain_missing cmake; die "there is no cmake"; }
  local launcher=()
  command -v ccache >/dev/null && launcher=(-DCMAKE_C_COMPILER_LAUNCHER=ccache -DCMAKE_CXX_COMPILER_LAUNCHER=ccache -DCMAKE_CUDA_COMPILER_LAUNCHER=ccache)
  say "building ($preset)"
  local log; log=$(mktemp)
  (cd "$top" && cmake --preset "$preset" "${launcher[@]}" "$@") >"$log" 2>&1 ||
    { cat "$log" >&2; explain_failed_configuration "$log"; rm -f "$log"; die "configuration failed, see above"; }
  (cd "$top" && cmake --build --preset "$preset") >"$log" 2>&1 ||
    { tail -n 60 "$log" >&2; rm -f "$log"; die "the build failed, see above"; }
  rm -f "$log"
}

# mpirun as root must be allowed to, and there may be fewer cores than ranks.
mpirun_flags() {
  [ "$(id -u)" -eq 0 ] && printf '%s\n' --allow-run-as-root
  printf '%s\n' --oversubscribe --bind-to none
}
