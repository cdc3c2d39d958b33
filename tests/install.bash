# shellcheck shell=bash disable=SC2154
# Sourced by peers/install and tools/install: a cache of programs, each in a
# folder KIND/NAME-VERSION of its own that appears whole or not at all.
#
# A script that sources this sets `kind` (peers or tools), `names` and the
# tables `version` and `probe`, and defines four functions:
#   usage                 prints the help
#   prerequisites NAME    prints the names that must be there to build NAME
#   build NAME FOLDER     fills FOLDER; may set `built_version`
#   program NAME FOLDER   prints the path of the executable in FOLDER, or of
#                         the folder that is wanted

# The version that `build` got, when the source offers only its newest.
built_version=
# What is being installed, for the message of a failure.
current=
# The folder that the running installation works in.
work=
offline=no
declare -A apt_ready=()

status() {
  printf '%s: %s\n' "$kind" "$*" >&2
}

fail() {
  status "error: $*"
  exit 1
}

# Runs a command whose output is of interest only if it fails.
quietly() {
  local output
  if ! output=$("$@" 2>&1); then
    printf '%s\n' "$output" >&2
    return 1
  fi
}

cache_folder() {
  printf '%s\n' "${XDG_CACHE_HOME:-$HOME/.cache}/countersign"
}

# Removes what an unfinished installation leaves, and names it.
finish() {
  local code=$?
  if [[ -n $work ]]; then
    rm -rf -- "$work"
  fi
  if ((code != 0)) && [[ -n $current ]]; then
    status "error: $current could not be installed"
  fi
}

# The path of the program NAME if it is there, else failure. Where the source
# had a newer version than the one asked for, NAME-VERSION is a link. What is
# of version `system` has no folder.
installed() {
  local folder=/ path
  if [[ ${version[$1]} != system ]]; then
    folder=$(readlink -e -- "$(cache_folder)/$kind/$1-${version[$1]}") || return 1
  fi
  path=$(program "$1" "$folder") || return 1
  [[ -x $path ]] || return 1
  printf '%s\n' "$path"
}

# Only the holder of this lock changes the cache, so what lies in a working
# folder when it is taken belongs to a run that was killed.
take_lock() {
  exec 9>"$(cache_folder)/lock"
  if ! flock --nonblock 9; then
    status "waiting for another installation to end"
    flock 9
  fi
  rm -rf -- "$(cache_folder)"/work.*
}

# Unlocked before it is closed: a child may have it open still.
release_lock() {
  flock --unlock 9
  exec 9>&-
}

# Moves the filled folder to its place under the version that was built.
publish() {
  local name=$1 folder=$2 place target
  place=$(cache_folder)/$kind
  target=$name-${built_version:-${version[$name]}}
  rm -rf -- "${place:?}/$target"
  mv -T -- "$folder" "$place/$target"
  if [[ $target != "$name-${version[$name]}" ]]; then
    status "$name: ${version[$name]} was asked for, $built_version is what there is"
    ln -sfnT -- "$target" "$place/$name-${version[$name]}"
  fi
}

# Installs NAME unless it is there.
ensure() {
  local name=$1 prerequisite
  if installed "$name" >/dev/null; then
    return
  fi
  for prerequisite in $(prerequisites "$name"); do
    ensure "$prerequisite"
  done
  current=$name
  mkdir -p -- "$(cache_folder)/$kind"
  take_lock
  if ! installed "$name" >/dev/null; then
    build_and_publish "$name"
  fi
  release_lock
  current=
}

# Builds NAME in a working folder; only what runs gets to its place.
build_and_publish() {
  local name=$1 began=$SECONDS
  status "$name: installing"
  work=$(mktemp -d -- "$(cache_folder)/work.XXXXXX")
  built_version=
  mkdir -- "$work/folder"
  build "$name" "$work/folder"
  check_runs "$name" "$(program "$name" "$work/folder")"
  publish "$name" "$work/folder"
  rm -rf -- "$work"
  work=
  status "$name: installed in $((SECONDS - began)) s"
}

# Fails unless the program starts. The script's table `probe` says how. A
# folder is not run.
check_runs() {
  local output
  if [[ -d $2 ]]; then
    return
  fi
  # The arguments are words of our own, to be split.
  # shellcheck disable=SC2086
  if ! output=$("$2" ${probe[$1]} 2>&1); then
    fail "$1 does not run: $output"
  fi
}

# NAME=PATH of one program that is there, or failure.
environment_line() {
  local path variable=${1^^}
  path=$(installed "$1") || return 1
  printf '%s=%s\n' "${variable//-/_}" "$path"
}

# Writes NAME=PATH of everything that is there to the file `env` of the cache.
write_environment() {
  local name file
  file=$(cache_folder)/$kind/env
  mkdir -p -- "${file%/*}"
  for name in "${names[@]}"; do
    environment_line "$name" || true
  done >"$file.$$"
  mv -f -- "$file.$$" "$file"
}

# Reads the arguments: options, then the names asked for (all when none).
read_arguments() {
  asked=()
  local argument
  for argument; do
    case $argument in
      -h | --help) usage && exit 0 ;;
      --offline) offline=yes ;;
      -*) usage >&2 && exit 2 ;;
      *) known "$argument" && asked+=("$argument") ;;
    esac
  done
  if ((${#asked[@]} == 0)); then
    asked=("${names[@]}")
  fi
}

# Ends the run unless NAME is one of the names.
known() {
  if [[ " ${names[*]} " != *" $1 "* ]]; then
    status "error: no such name: $1 (there are: ${names[*]})"
    exit 2
  fi
}

# The whole run of either script.
install_main() {
  local name
  read_arguments "$@"
  trap finish EXIT
  if [[ $offline == no ]]; then
    for name in "${asked[@]}"; do
      ensure "$name"
    done
    write_environment
  fi
  for name in "${asked[@]}"; do
    environment_line "$name" || status "$name: not there"
  done
}

# --- Debian packages, unpacked aside ---------------------------------------

# The line "URI SUITE" of the Debian archive that the machine's apt uses.
machine_archive() {
  local codename targets
  # shellcheck disable=SC1091
  codename=$(. /etc/os-release && printf '%s' "${VERSION_CODENAME:-sid}")
  # shellcheck disable=SC2016 # the format is apt's to expand
  targets=$(apt-get indextargets --format '$(REPO_URI) $(RELEASE) $(COMPONENT)' 'Created-By: Packages')
  awk -v codename="$codename" '
    $3 == "main" && $2 == codename { print $1, $2; found = 1; exit }
    $3 == "main" && $2 ~ /^(stable|testing|unstable|sid)$/ && !other { other = $1 " " $2 }
    END { if (!found && other) print other }
  ' <<<"$targets"
}

archive_keyring() {
  local keyring
  for keyring in /usr/share/keyrings/debian-archive-keyring.{gpg,pgp}; do
    if [[ -e $keyring ]]; then
      printf '%s\n' "$keyring"
      return
    fi
  done
  fail "no keyring of the Debian archive (package debian-archive-keyring)"
}

# Makes an apt configuration of our own for a suite ("machine": the machine's
# own) and reads its package list, once a run. Nothing of the system changes.
apt_prepare() {
  local suite=$1 root archive keyring target
  if [[ -n ${apt_ready[$suite]:-} ]]; then
    return
  fi
  command -v apt-get >/dev/null || fail "no apt-get: this is had from Debian only"
  archive=$(machine_archive)
  keyring=$(archive_keyring)
  [[ -n $archive ]] || fail "apt's sources name no Debian archive"
  root=$(cache_folder)/apt/$suite
  mkdir -p -- "$root/lists/partial" "$root/cache/archives/partial"
  : >"$root/status"
  target=$suite
  if [[ $suite == machine ]]; then
    target=${archive#* }
  fi
  write_apt_source "${archive% *}" "$target" "$keyring" >"$root/debian.sources"
  write_apt_configuration "$root" >"$root/apt.conf"
  apt-get -c "$root/apt.conf" -qq update >&2
  apt_ready[$suite]=yes
}

write_apt_source() {
  printf '%s\n' 'Types: deb' "URIs: $1" "Suites: $2" 'Components: main' "Signed-By: $3"
}

# The system's own apt.conf.d stays in force: it may name a proxy.
write_apt_configuration() {
  cat <<END
Dir::Etc::SourceList "$1/debian.sources";
Dir::Etc::SourceParts "/dev/null";
Dir::Etc::Preferences "/dev/null";
Dir::Etc::PreferencesParts "/dev/null";
Dir::State::Lists "$1/lists";
Dir::State::status "$1/status";
Dir::Cache "$1/cache";
Dir::Cache::pkgcache "pkgcache.bin";
Dir::Cache::srcpkgcache "srcpkgcache.bin";
APT::Sandbox::User "";
APT::Update::Error-Mode "any";
#clear APT::Update::Post-Invoke;
Acquire::Languages "none";
Acquire::Retries "3";
Acquire::IndexTargets::deb::DEP-11::DefaultEnabled "false";
Acquire::IndexTargets::deb::Contents-deb::DefaultEnabled "false";
END
}

# The upstream part of a package's version in a suite.
debian_version() {
  local full
  full=$(apt-cache -c "$(cache_folder)/apt/$1/apt.conf" show --no-all-versions "$2" | sed -n 's/^Version: //p')
  full=${full#*:}
  full=${full%-*}
  printf '%s\n' "${full%%+*}"
}

# Unpacks PACKAGES of SUITE into FOLDER.
unpack_debian() {
  local suite=$1 folder=$2 downloads deb
  shift 2
  downloads=$(mktemp -d -- "$work/debs.XXXXXX")
  (cd "$downloads" && apt-get -c "$(cache_folder)/apt/$suite/apt.conf" -qq download "$@" >&2)
  for deb in "$downloads"/*.deb; do
    dpkg -x "$deb" "$folder"
  done
  rm -rf -- "$downloads"
}

# Fills FOLDER with PACKAGE of SUITE and sets built_version from it.
build_debian() {
  local suite=$1 package=$2 folder=$3
  apt_prepare "$suite"
  built_version=$(debian_version "$suite" "$package")
  unpack_debian "$suite" "$folder" "$package"
}

# The libraries that a package of sid needs, and those that these need.
debian_libraries() {
  local -A seen=()
  local -a queue=("$1")
  local package found
  while ((${#queue[@]} > 0)); do
    package=${queue[0]}
    queue=("${queue[@]:1}")
    found=$(apt-cache -c "$(cache_folder)/apt/sid/apt.conf" depends --important "$package" |
      sed -nE 's/^ *\|?(Pre)?Depends: (lib[^:]*).*/\2/p')
    for package in $found; do
      if [[ -z ${seen[$package]:-} ]]; then
        seen[$package]=yes
        queue+=("$package")
        printf '%s\n' "$package"
      fi
    done
  done
}

# Like build_debian of sid, for a program that needs newer libraries than the
# machine may have: they come along, and bin/NAME starts it with them.
build_debian_with_libraries() {
  local package=$1 folder=$2 libraries
  build_debian sid "$package" "$folder"
  libraries=$(debian_libraries "$package")
  # shellcheck disable=SC2086
  unpack_debian sid "$folder" $libraries
  mkdir -p -- "$folder/bin"
  write_launcher "$package" >"$folder/bin/$package"
  chmod +x -- "$folder/bin/$package"
}

write_launcher() {
  cat <<END
#!/bin/sh
set -eu
root=\$(dirname -- "\$(dirname -- "\$(readlink -f -- "\$0")")")
for libraries in "\$root"/usr/lib/*-linux-gnu*; do
  for loader in "\$libraries"/ld-linux*.so.*; do
    exec "\$loader" --library-path "\$libraries" --argv0 $1 "\$root/usr/bin/$1" "\$@"
  done
done
END
}
