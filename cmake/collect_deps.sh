#!/usr/bin/env bash
# Collects what the engine part is built on, besides LibTorch and CUDA, into one folder, for a machine that has neither
# these libraries nor a network. Takes Debian's packages; installs nothing. cmake/collect_deps.sh --help
set -euo pipefail

case "${1:-}" in
  -h|--help|"")
    cat <<'TEXT'
usage: cmake/collect_deps.sh DIR
Fills DIR (made anew; under 10 MB) from Debian's packages googletest, libfmt-dev, libspdlog-dev, nlohmann-json3-dev
and libpcre2-dev: from the installed ones, the others are downloaded (apt-get download). Then, on the other machine,
  cmake -S . -B build/engine -DPECIA_PARTS=engine -DPECIA_DEPS_DIR=DIR
PCRE2 is in it as a static library: for machines with this one's processor (uname -m).
TEXT
    [ -n "${1:-}" ]; exit ;;
esac

die() { printf 'error: %s\n' "$*" >&2; exit 1; }
target=$1
packages=(googletest libfmt-dev libspdlog-dev nlohmann-json3-dev libpcre2-dev)
for tool in dpkg-query dpkg-deb apt-get; do
  command -v "$tool" >/dev/null || die "no $tool: this takes Debian's packages. Run it on a Debian or Ubuntu machine"
done
[ ! -e "$target" ] || [ -f "$target/versions.cmake" ] || [ -z "$(ls -A "$target")" ] ||
  die "'$target' holds something else. Name a folder that is new, or one that this script made"

work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
mkdir "$work/root" "$work/out"

# unpack PACKAGE: its files below $work/root, its version in $version
unpack() {
  version=$(dpkg-query -W -f '${db:Status-Abbrev}${Version}' "$1" 2>/dev/null) || version=
  if [ "${version:0:2}" = ii ]; then
    version=${version:3}
    (cd / && dpkg -L "$1" | sed 's,^/,,' | while IFS= read -r file; do if [ -e "$file" ] && [ ! -d "$file" ]; then printf '%s\n' "$file"; fi; done |
      tar -cf - -T -) | tar -xf - -C "$work/root"
    return
  fi
  (cd "$work" && apt-get download -qq "$1" >/dev/null) ||
    die "'$1' is not installed and cannot be downloaded. Is there a network, and did apt-get update run?"
  version=$(dpkg-deb -f "$work/$1"_*.deb Version)
  dpkg-deb -x "$work/$1"_*.deb "$work/root"
}

mkdir -p "$work/out/include" "$work/out/lib" "$work/out/licences"
for package in "${packages[@]}"; do
  unpack "$package"
  upstream=${version#*:}   # without epoch, Debian's revision and repacking
  upstream=${upstream%-*}
  upstream=${upstream%%[+]*}
  case "$package" in
    libfmt-dev) name=fmt ;;
    libspdlog-dev) name=spdlog ;;
    nlohmann-json3-dev) name=nlohmann_json ;;
    libpcre2-dev) name=PCRE2 ;;
    *) name=$package ;;
  esac
  printf 'set(%s_VERSION %s)  # %s %s\n' "$name" "$upstream" "$package" "$version" >>"$work/out/versions.cmake"
  cp -L "$work/root/usr/share/doc/$package/copyright" "$work/out/licences/$package.txt"
done

cp -R "$work/root/usr/include/fmt" "$work/root/usr/include/spdlog" "$work/root/usr/include/nlohmann" \
  "$work/root/usr/include/pcre2.h" "$work/out/include/"
cp "$work"/root/usr/lib/*/libpcre2-8.a "$work/out/lib/"
for part in googletest googlemock; do
  mkdir -p "$work/out/googletest/$part"
  cp -R "$work/root/usr/src/googletest/$part/include" "$work/root/usr/src/googletest/$part/src" "$work/out/googletest/$part/"
done
cat >"$work/out/README.md" <<TEXT
What the engine part of pecia is built on, from Debian's packages: made by cmake/collect_deps.sh, for $(uname -m).

| package | version | licence (licences/PACKAGE.txt has all of it) |
|---|---|---|
$(sed -nE 's/.*# ([^ ]+) (.*)/\1 \2/p' "$work/out/versions.cmake" | while read -r package version; do
  licence=BSD-3-Clause
  case "$package" in libfmt-dev | libspdlog-dev | nlohmann-json3-dev) licence=MIT ;; esac
  printf '| %s | %s | %s |\n' "$package" "$version" "$licence"
done)
TEXT

rm -rf "$target"
mkdir -p "$(dirname "$target")"
mv "$work/out" "$target"
printf '%s: %s\n' "$target" "$(du -sh "$target" | cut -f1)"
