import KubernetesModel
import ObjectStore

/// The built-in kinds: those that Herald and kubectl need, and those that manifests contain.
enum BuiltinKinds {
    static let definitions: [ResourceDefinition] = {
        let text = SchemaText(schemas)
        return core(text) + events(text) + workloads(text) + networking(text) + rbac(text) + others(text)
    }()

    private static func define(
        _ group: String, _ version: String, _ kind: String, _ plural: String, namespaced: Bool = true,
        schema: String? = nil, in text: SchemaText, _ adjust: (inout ResourceDefinition) -> Void = { _ in }
    ) -> ResourceDefinition {
        var definition = ResourceDefinition(
            ResourceType(group: group, version: version, kind: kind, plural: plural, isNamespaced: namespaced))
        definition.schema = Schema.root(text.definitions[schema ?? kind] ?? [:])
        adjust(&definition)
        return definition
    }

    private static func core(_ text: SchemaText) -> [ResourceDefinition] {
        [
            define("", "v1", "Namespace", "namespaces", namespaced: false, in: text) {
                $0.shortNames = ["ns"]
                $0.nameRule = .label
                $0.hasStatus = true
                $0.selectableFields = ["status.phase"]
            },
            define("", "v1", "Node", "nodes", namespaced: false, in: text) {
                $0.shortNames = ["no"]
                $0.hasStatus = true
                $0.keepsStatusOnCreate = true
                $0.selectableFields = ["spec.unschedulable"]
            },
            define("", "v1", "Service", "services", in: text) {
                $0.shortNames = ["svc"]
                $0.categories = ["all"]
                $0.nameRule = .serviceLabel
                $0.hasStatus = true
                $0.selectableFields = ["spec.clusterIP", "spec.type"]
            },
            define("", "v1", "Pod", "pods", in: text) {
                $0.shortNames = ["po"]
                $0.categories = ["all"]
                $0.hasStatus = true
                $0.selectableFields = [
                    "spec.nodeName", "spec.restartPolicy", "spec.schedulerName", "spec.serviceAccountName",
                    "spec.hostNetwork", "status.phase", "status.podIP", "status.nominatedNodeName",
                ]
            },
            define("", "v1", "Endpoints", "endpoints", in: text) { $0.shortNames = ["ep"] },
            define("", "v1", "Secret", "secrets", in: text) { $0.selectableFields = ["type"] },
            define("", "v1", "ConfigMap", "configmaps", in: text) { $0.shortNames = ["cm"] },
            define("", "v1", "ServiceAccount", "serviceaccounts", in: text) { $0.shortNames = ["sa"] },
        ]
    }

    private static func events(_ text: SchemaText) -> [ResourceDefinition] {
        ["", "events.k8s.io"].map { group in
            define(group, "v1", "Event", "events", schema: group.isEmpty ? "Event" : "Generic", in: text) {
                $0.shortNames = ["ev"]
                $0.storage = "events"
                $0.storedAPIVersion = "v1"
                $0.createsOnUpdate = true
                // kube-apiserver's --event-ttl.
                $0.secondsToLive = 3600
                $0.selectableFields = Set(EventViews.selectable(group: group))
                // Stored as v1 whichever way it comes, so both views need the v1 schema.
                $0.schema = Schema.root(text.definitions["Event"] ?? [:])
            }
        }
    }

    private static func workloads(_ text: SchemaText) -> [ResourceDefinition] {
        [("Deployment", "deploy"), ("DaemonSet", "ds"), ("ReplicaSet", "rs"), ("StatefulSet", "sts")].map {
            kind, short in
            define("apps", "v1", kind, kind.lowercased() + "s", schema: "Workload", in: text) {
                $0.shortNames = [short]
                $0.categories = ["all"]
                $0.hasStatus = true
                $0.countsGenerations = true
            }
        }
    }

    private static func networking(_ text: SchemaText) -> [ResourceDefinition] {
        [
            define("networking.k8s.io", "v1", "Ingress", "ingresses", in: text) {
                $0.shortNames = ["ing"]
                $0.hasStatus = true
                $0.countsGenerations = true
            },
            define("networking.k8s.io", "v1", "NetworkPolicy", "networkpolicies", in: text) {
                $0.shortNames = ["netpol"]
                $0.countsGenerations = true
            },
            define(
                "networking.k8s.io", "v1", "IngressClass", "ingressclasses", namespaced: false, schema: "Generic",
                in: text
            ) {
                $0.countsGenerations = true
            },
            define("networking.k8s.io", "v1", "ServiceCIDR", "servicecidrs", namespaced: false, in: text) {
                $0.hasStatus = true
            },
            define("discovery.k8s.io", "v1", "EndpointSlice", "endpointslices", in: text) {
                $0.countsGenerations = true
            },
        ]
    }

    private static func rbac(_ text: SchemaText) -> [ResourceDefinition] {
        let group = "rbac.authorization.k8s.io"
        return [
            ("Role", "roles", true), ("RoleBinding", "rolebindings", true), ("ClusterRole", "clusterroles", false),
            ("ClusterRoleBinding", "clusterrolebindings", false),
        ].map { kind, plural, isNamespaced in
            let schema = kind.hasSuffix("Binding") ? "RoleBinding" : "Role"
            return define(group, "v1", kind, plural, namespaced: isNamespaced, schema: schema, in: text) {
                $0.nameRule = .pathSegment
            }
        }
    }

    private static func others(_ text: SchemaText) -> [ResourceDefinition] {
        [
            define("coordination.k8s.io", "v1", "Lease", "leases", in: text) { $0.createsOnUpdate = true },
            define("policy", "v1", "PodDisruptionBudget", "poddisruptionbudgets", in: text) {
                $0.shortNames = ["pdb"]
                $0.hasStatus = true
                $0.countsGenerations = true
            },
            define("scheduling.k8s.io", "v1", "PriorityClass", "priorityclasses", namespaced: false, in: text) {
                $0.shortNames = ["pc"]
                $0.countsGenerations = true
            },
            define(
                "apiextensions.k8s.io", "v1", "CustomResourceDefinition", "customresourcedefinitions",
                namespaced: false,
                in: text
            ) {
                $0.shortNames = ["crd", "crds"]
                $0.categories = ["api-extensions"]
                $0.hasStatus = true
                $0.countsGenerations = true
            },
        ]
    }
}
