# Runs a program as the speaker's container would: on a node of its own (a network namespace behind a veth), as user 0
# with NET_RAW alone and no way to more. Ends with the program, and takes everything with it.
# usage: sh node.sh LINK NETWORK PROGRAM...      (the node is NETWORK.2 on eth0, this side NETWORK.1 on LINK)
set -eu
link=$1 network=$2
shift 2

# Both children end with this shell, however it ends.
unshare -n setpriv --pdeathsig KILL sleep 300 &
holder=$!
trap 'kill "$holder" 2>/dev/null || true; ip link delete "$link" 2>/dev/null || true' EXIT
here=$(readlink /proc/self/ns/net)
until there=$(readlink "/proc/$holder/ns/net") && [ "$there" != "$here" ]; do sleep 0.05; done

ip link add "$link" type veth peer name eth0 netns "$holder"
ip address add "$network.1/24" dev "$link"
ip link set "$link" up
nsenter -t "$holder" -n sh -ec "
    ip link set lo up
    ip address add $network.2/24 dev eth0
    ip link set eth0 up"

nsenter -t "$holder" -n \
    setpriv --pdeathsig KILL --no-new-privs --inh-caps=-all --bounding-set="-all${HERALD_CAPABILITIES-,+net_raw}" -- "$@" &
program=$!
trap 'kill "$program" 2>/dev/null || true' TERM INT
status=0
wait "$program" || status=$?
# A signal ends the wait before the program has ended.
while kill -0 "$program" 2>/dev/null; do wait "$program" || status=$?; done
exit "$status"
