import ContractKit
import EmbeddedAPIServer
import KubernetesModel
import Testing

/// The servers that must agree: the embedded one always, a real kube-apiserver when `KUBEBUILDER_ASSETS` names a folder
/// with `kube-apiserver` and `etcd`.
enum APIUnderTest: String, CaseIterable, Sendable, CustomTestStringConvertible {
    case embedded
    case real

    static var all: [APIUnderTest] { RealAPIServer.assets == nil ? [.embedded] : [.embedded, .real] }
    var testDescription: String { rawValue }

    /// Runs a test against the server, in a new namespace, with the contract's own custom resource.
    func run(_ body: @Sendable @escaping (APIProbe) async throws -> Void) async throws {
        switch self {
        case .embedded:
            var configuration = APIServerConfiguration(host: "127.0.0.2")
            configuration.enforcesRBAC = true
            configuration.bookmarkInterval = .milliseconds(200)
            try await APIProbe.embedded(configuration) { try await Self.prepare($0, body) }
        case .real:
            let real = try await RealAPIServer.shared.start()
            try await APIProbe.of(real.url, authorityPEM: real.certificateAuthorityPEM, token: real.token) {
                try await Self.prepare($0, body)
            }
        }
    }

    private static func prepare(_ probe: APIProbe, _ body: (APIProbe) async throws -> Void) async throws {
        var probe = probe
        probe.namespace = "contract-\(UInt32.random(in: 0...UInt32.max))"
        try await probe.post("/api/v1/namespaces", ["metadata": ["name": .string(probe.namespace)]])
        try await install(widgetDefinition, on: probe)
        try await body(probe)
    }

    /// A custom resource is served a moment after its definition is accepted.
    private static func install(_ definition: JSONValue, on probe: APIProbe) async throws {
        try await probe.post("/apis/apiextensions.k8s.io/v1/customresourcedefinitions", definition)
        for _ in 0..<100 {
            if try await probe.get(probe.widgets()).status == 200 { return }
            try await Task.sleep(for: .milliseconds(100))
        }
        Issue.record("the custom resource is not served")
    }

    private static let widgetDefinition: JSONValue = [
        "apiVersion": "apiextensions.k8s.io/v1", "kind": "CustomResourceDefinition",
        "metadata": ["name": "widgets.contract.cluster.home"],
        "spec": [
            "group": "contract.cluster.home", "scope": "Namespaced",
            "names": ["kind": "Widget", "plural": "widgets", "singular": "widget", "shortNames": ["wg"]],
            "versions": [
                [
                    "name": "v1", "served": true, "storage": true, "subresources": ["status": [:]],
                    "additionalPrinterColumns": [
                        ["name": "Size", "type": "integer", "jsonPath": ".spec.size"],
                        [
                            "name": "Ready", "type": "string",
                            "jsonPath": ".status.conditions[?(@.type==\"Ready\")].status",
                        ],
                    ],
                    "schema": [
                        "openAPIV3Schema": [
                            "type": "object", "required": ["spec"],
                            "properties": [
                                "spec": [
                                    "type": "object", "required": ["size"],
                                    "properties": [
                                        "size": ["type": "integer", "minimum": 1, "maximum": 100],
                                        "colour": ["type": "string", "enum": ["red", "blue"], "default": "red"],
                                        "tags": [
                                            "type": "array", "x-kubernetes-list-type": "set",
                                            "items": ["type": "string"],
                                        ],
                                        "parts": [
                                            "type": "array", "x-kubernetes-list-type": "atomic",
                                            "items": ["type": "object", "properties": ["name": ["type": "string"]]],
                                        ],
                                    ],
                                ],
                                "status": [
                                    "type": "object",
                                    "properties": [
                                        "addresses": [
                                            "type": "array", "x-kubernetes-list-type": "map",
                                            "x-kubernetes-list-map-keys": ["address", "interface", "node"],
                                            "items": [
                                                "type": "object", "required": ["address", "interface", "node"],
                                                "properties": [
                                                    "address": ["type": "string"], "interface": ["type": "string"],
                                                    "node": ["type": "string"], "since": ["type": "string"],
                                                ],
                                            ],
                                        ],
                                        "conditions": [
                                            "type": "array", "x-kubernetes-list-type": "map",
                                            "x-kubernetes-list-map-keys": ["type"],
                                            "items": [
                                                "type": "object", "required": ["type"],
                                                "properties": [
                                                    "type": ["type": "string"], "status": ["type": "string"],
                                                ],
                                            ],
                                        ],
                                    ],
                                ],
                            ],
                        ]
                    ],
                ]
            ],
        ],
    ]
}
