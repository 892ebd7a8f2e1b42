# Ends the testbed's API server and starts it again, as it was started.
set -eu
cd "$(dirname "$KUBECONFIG")"
pid=$(cat apiserver.pid)
mapfile -d '' -t command < "/proc/$pid/cmdline"
kill "$pid"
while kill -0 "$pid" 2> /dev/null; do sleep 0.1; done
# Long enough for whoever watches to see that it is gone.
sleep 5
nohup "${command[@]}" >> apiserver.log 2>&1 < /dev/null &
echo $! > apiserver.pid
for _ in $(seq 300); do
  kubectl get --raw /readyz > /dev/null 2>&1 && exit 0
  sleep 0.2
done
exit 1
