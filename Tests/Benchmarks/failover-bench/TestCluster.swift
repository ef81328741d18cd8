import EmbeddedAPIServer
import Foundation
import KubernetesModel

/// The API objects of a site, in an API server inside this process: what the controller, the kubelet and an operator
/// would have written.
struct TestCluster: Sendable {
    static let namespace = "herald-system"
    static let port = 6443

    let server: EmbeddedAPIServer
    let site: Site
    /// The key of Hello frames, in base64.
    let key = Data((0..<32).map { _ in UInt8.random(in: 0...255) }).base64EncodedString()

    /// - Parameter manifests: The repository's folder `manifests`.
    func fill(manifests: String) throws {
        for kind in ["ipaddresspools", "l2advertisements", "servicel2statuses"] {
            let path = "\(manifests)/crds/\(kind).yaml"
            try server.install(manifest: try String(contentsOfFile: path, encoding: .utf8))
        }
        for name in ["kube-system", Self.namespace, "default"] {
            try install("v1", "Namespace", name, namespace: nil)
        }
        try install(
            "v1", "Secret", HeraldObjects.helloKeySecret, namespace: Self.namespace,
            ["data": [HeraldObjects.helloKeyCurrent: .string(key)]])
        try install(
            "lb.cluster.home/v1beta1", "IPAddressPool", "home", namespace: nil,
            ["spec": ["addresses": ["192.168.56.0-192.168.63.255", "fd00:57::/64"]]])
        for node in site.nodes { try put(node) }
    }

    /// - Parameter isDrained: As `lbctl drain` leaves it.
    func put(_ node: Site.Node, isDrained: Bool = false) throws {
        var metadata: JSONValue = [
            "name": .string(node.name), "labels": ["kubernetes.io/hostname": .string(node.name)],
        ]
        if isDrained { metadata["annotations"] = [HeraldObjects.drainAnnotation: "true"] }
        try server.install([
            "apiVersion": "v1", "kind": "Node", "metadata": metadata,
            "status": ["addresses": [["type": "InternalIP", "address": .string(node.address)]]],
        ])
    }

    /// A Service of type LoadBalancer that holds `addresses`, with one endpoint on every node.
    func put(service name: String, addresses: [String]) throws {
        try server.install([
            "apiVersion": "v1", "kind": "Service", "metadata": ["name": .string(name), "namespace": "default"],
            "spec": ["type": "LoadBalancer", "ports": [["port": 80, "protocol": "TCP"]]],
            "status": ["loadBalancer": ["ingress": .array(addresses.map { ["ip": .string($0), "ipMode": "VIP"] })]],
        ])
        for type in Set(addresses.map { $0.contains(":") ? "IPv6" : "IPv4" }) {
            let endpoints = site.nodes.map { node -> JSONValue in
                [
                    "addresses": [.string(type == "IPv6" ? node.address6 : node.address)],
                    "nodeName": .string(node.name), "conditions": ["ready": true],
                ]
            }
            try install(
                "discovery.k8s.io/v1", "EndpointSlice", "\(name)-\(type.lowercased())", namespace: "default",
                ["addressType": .string(type), "endpoints": .array(endpoints), "ports": [["port": 80]]],
                labels: [EndpointSlice.serviceNameLabel: .string(name)])
        }
    }

    /// From now on the API server answers nothing, on no connection; `server.resume()` ends that.
    func cutOff() {
        server.pause()
        server.dropConnections()
    }

    private func install(
        _ version: String, _ kind: String, _ name: String, namespace: String?, _ members: [String: JSONValue] = [:],
        labels: JSONValue? = nil
    ) throws {
        var metadata: JSONValue = ["name": .string(name)]
        if let namespace { metadata["namespace"] = .string(namespace) }
        if let labels { metadata["labels"] = labels }
        var object: [String: JSONValue] = [
            "apiVersion": .string(version), "kind": .string(kind), "metadata": metadata,
        ]
        object.merge(members) { $1 }
        try server.install(.object(object))
    }
}
