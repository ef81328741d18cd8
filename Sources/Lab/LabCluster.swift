import KubernetesModel

/// Names in the lab's cluster, and the objects that the lab creates in it.
enum LabCluster {
    static let port = 6443
    static let namespace = HeraldObjects.defaultNamespace
    /// The Services by number: what the site's gateway has names for, then numbered ones.
    static func serviceName(_ index: Int) -> String {
        let names = ["grafana", "prometheus", "flamenco"]
        return index < names.count ? names[index] : "service\(index + 1)"
    }

    static func node(_ machine: LabTopology.Machine, hasIPv6: Bool) -> JSONValue {
        var labels: [String: JSONValue] = [
            "kubernetes.io/hostname": .string(machine.name), "kubernetes.io/os": "linux",
        ]
        if machine.role == .controlPlane {
            labels["node-role.kubernetes.io/control-plane"] = ""
            labels["node.kubernetes.io/exclude-from-external-load-balancers"] = ""
        }
        var addresses: [JSONValue] = [["type": "InternalIP", "address": .string("\(machine.address)")]]
        if hasIPv6, let address = machine.address6 {
            addresses.append(["type": "InternalIP", "address": .string("\(address)")])
        }
        return [
            "apiVersion": "v1", "kind": "Node",
            "metadata": ["name": .string(machine.name), "labels": .object(labels)],
            "status": [
                "addresses": .array(addresses), "conditions": [["type": "Ready", "status": "True"]],
            ],
        ]
    }

    static func pool(hasIPv6: Bool) -> JSONValue {
        [
            "apiVersion": "lb.cluster.home/v1beta1", "kind": "IPAddressPool", "metadata": ["name": "lan"],
            "spec": [
                "addresses": hasIPv6
                    ? [.string(LabTopology.pool), .string(LabTopology.pool6)] : [.string(LabTopology.pool)]
            ],
        ]
    }

    /// A Service of type LoadBalancer with both families when the LAN has both, and its name on the LAN.
    static func service(_ name: String, hasIPv6: Bool) -> JSONValue {
        [
            "apiVersion": "v1", "kind": "Service",
            "metadata": [
                "name": .string(name), "namespace": "default",
                "annotations": ["lb.cluster.home/hostnames": .string("\(name).\(LabTopology.domain)")],
            ],
            "spec": [
                "type": "LoadBalancer", "selector": ["app": .string(name)],
                "ipFamilyPolicy": hasIPv6 ? "RequireDualStack" : "SingleStack",
                "ipFamilies": hasIPv6 ? ["IPv4", "IPv6"] : ["IPv4"],
                "ports": [["name": "http", "protocol": "TCP", "port": 80, "targetPort": 80]],
            ],
        ]
    }

    /// What the endpoint controller would write: a ready Pod on every worker.
    static func endpoints(_ name: String, _ topology: LabTopology) -> [JSONValue] {
        (topology.hasIPv6 ? ["IPv4", "IPv6"] : ["IPv4"]).map { family in
            [
                "apiVersion": "discovery.k8s.io/v1", "kind": "EndpointSlice",
                "metadata": [
                    "name": .string("\(name)-\(family.lowercased())"), "namespace": "default",
                    "labels": [EndpointSlice.serviceNameLabel: .string(name)],
                ],
                "addressType": .string(family), "ports": [["name": "http", "protocol": "TCP", "port": 80]],
                "endpoints": .array(
                    topology.workers.map { worker in
                        let address = family == "IPv4" ? "\(worker.address)" : "fd00:10:244::\(worker.number)"
                        return [
                            "addresses": [.string(address)], "nodeName": .string(worker.name),
                            "conditions": ["ready": true, "serving": true, "terminating": false],
                        ]
                    }),
            ]
        }
    }

    /// An Ingress whose hostnames lead to the first Service; its status is what an ingress controller would write.
    static func ingress() -> JSONValue {
        let hosts = ["services", "wiki"].map { "\($0).\(LabTopology.domain)" }
        return [
            "apiVersion": "networking.k8s.io/v1", "kind": "Ingress",
            "metadata": ["name": "sites", "namespace": "default"],
            "spec": [
                "rules": .array(
                    hosts.map { host in
                        [
                            "host": .string(host),
                            "http": [
                                "paths": [
                                    [
                                        "path": "/", "pathType": "Prefix",
                                        "backend": ["service": ["name": "grafana", "port": ["number": 80]]],
                                    ]
                                ]
                            ],
                        ]
                    })
            ],
        ]
    }
}
