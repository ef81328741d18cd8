"""Makes Services in a held lab, and changes them until it is stopped: run by scripts/soak inside the lab.

usage: churn.py SERVICES MINUTES
"""
import json
import os
import random
import re
import ssl
import sys
import time
import urllib.error
import urllib.request

services, seconds = int(sys.argv[1]), float(sys.argv[2]) * 60
config = open(os.environ["KUBECONFIG"], encoding="utf-8").read()
server = re.search(r"server: (\S+)", config)[1]
token = re.search(r"token: (\S+)", config)[1]
trust = ssl.create_default_context(cafile=os.path.join(os.path.dirname(os.environ["KUBECONFIG"]), "ca.crt"))
opener = urllib.request.build_opener(urllib.request.ProxyHandler({}), urllib.request.HTTPSHandler(context=trust))
chance = random.Random(57)


def call(method, path, body=None, kind="application/json"):
    data = None if body is None else json.dumps(body).encode()
    request = urllib.request.Request(server + path, data, method=method)
    request.add_header("Authorization", f"Bearer {token}")
    request.add_header("Content-Type", kind)
    try:
        with opener.open(request, timeout=10) as answer:
            return json.load(answer)
    except urllib.error.HTTPError as error:
        if error.code not in (404, 409):
            raise
        return None


def nodes():
    return [n["metadata"]["name"] for n in call("GET", "/api/v1/nodes")["items"]
            if "node-role.kubernetes.io/control-plane" not in n["metadata"].get("labels", {})]


def slice_of(name, ready):
    return {
        "apiVersion": "discovery.k8s.io/v1", "kind": "EndpointSlice", "addressType": "IPv4",
        "metadata": {"name": name, "namespace": "default", "labels": {"kubernetes.io/service-name": name}},
        "ports": [{"name": "http", "protocol": "TCP", "port": 80}],
        "endpoints": [{"addresses": [f"10.244.{i}.2"], "nodeName": node, "conditions": {"ready": True, "serving": True}}
                      for i, node in enumerate(ready)],
    }


def create(name):
    call("POST", "/api/v1/namespaces/default/services", {
        "apiVersion": "v1", "kind": "Service",
        "metadata": {"name": name, "namespace": "default", "annotations": {"lb.cluster.home/pool": "soak"}},
        "spec": {"type": "LoadBalancer", "selector": {"app": name}, "ports": [{"name": "http", "port": 80}]}})
    call("POST", "/apis/discovery.k8s.io/v1/namespaces/default/endpointslices", slice_of(name, workers))


def delete(name):
    call("DELETE", f"/api/v1/namespaces/default/services/{name}")
    call("DELETE", f"/apis/discovery.k8s.io/v1/namespaces/default/endpointslices/{name}")


workers = nodes()
call("POST", "/apis/lb.cluster.home/v1beta1/ipaddresspools", {
    "apiVersion": "lb.cluster.home/v1beta1", "kind": "IPAddressPool", "metadata": {"name": "soak"},
    "spec": {"addresses": ["10.57.0.0-10.57.7.255"], "autoAssign": False}})
names = [f"soak-{i}" for i in range(services)]
for name in names:
    create(name)
print(f"{services} Services made", flush=True)

end, changes = time.monotonic() + seconds, 0
while time.monotonic() < end:
    name = chance.choice(names)
    if chance.random() < 0.5:
        # A rollout: the endpoints of one node go and come back.
        path = f"/apis/discovery.k8s.io/v1/namespaces/default/endpointslices/{name}"
        for ready in (chance.sample(workers, len(workers) - 1), workers):
            call("PATCH", path, {"endpoints": slice_of(name, ready)["endpoints"]}, "application/merge-patch+json")
            changes += 1
            time.sleep(0.1)
    else:
        delete(name)
        time.sleep(0.2)
        create(name)
        changes += 2
    time.sleep(0.6)
print(f"{changes} changes", flush=True)
