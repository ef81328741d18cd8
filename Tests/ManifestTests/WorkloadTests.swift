import Foundation
import KubernetesModel
import Testing

/// What a security review and a night on call ask of the two workloads.
@Suite("Manifests: workloads")
struct WorkloadTests {
    let objects: [JSONValue]
    let controller: JSONValue
    let speaker: JSONValue

    init() throws {
        objects = try Kustomization.render(manifests.appending(path: "base"))
        controller = try #require(objects.first("Deployment", "herald-controller"))
        speaker = try #require(objects.first("DaemonSet", "herald-speaker"))
    }

    func container(_ workload: JSONValue) -> JSONValue? {
        workload.at("spec", "template", "spec", "containers", "0")
    }

    @Test("both daemons: read-only root, no escalation, seccomp, every capability dropped, no CPU limit")
    func hardening() {
        for workload in [controller, speaker] {
            let context = container(workload)?["securityContext"]
            #expect(context?["readOnlyRootFilesystem"] == true)
            #expect(context?["allowPrivilegeEscalation"] == false)
            #expect(context?.at("capabilities", "drop") == ["ALL"])
            #expect(context?["privileged"] == nil)
            #expect(
                workload.at("spec", "template", "spec", "securityContext", "seccompProfile", "type") == "RuntimeDefault"
            )
            #expect(workload.at("spec", "template", "spec", "volumes") == nil)
            #expect(container(workload)?.at("resources", "limits", "cpu") == nil)
            #expect(container(workload)?.at("resources", "limits", "memory") != nil)
            #expect(workload.at("spec", "template", "spec", "containers")?.array?.count == 1)
        }
    }

    @Test("only pods that ask for it get a ServiceAccount's token, and can read it; no other Service's variables")
    func token() {
        for object in objects where object.kind == "ServiceAccount" {
            #expect(object["automountServiceAccountToken"] == false, "\(object.name)")
        }
        for workload in [controller, speaker] {
            let pod = workload.at("spec", "template", "spec")
            #expect(pod?["automountServiceAccountToken"] == true)
            #expect(pod?["enableServiceLinks"] == false)
            // The kubelet gives the file to root, and to the group that the pod names.
            let user =
                container(workload)?.at("securityContext", "runAsUser") ?? pod?.at("securityContext", "runAsUser")
            #expect(user == 0 || pod?.at("securityContext", "fsGroup") == user, "\(workload.name)")
        }
    }

    @Test("a port on the node is the one that the daemon opens, and no two are the same")
    func hostPorts() {
        let ports = container(speaker)?["ports"]?.array ?? []
        #expect(ports.count == 2)
        for port in ports { #expect(port["hostPort"] == port["containerPort"]) }
        #expect(Set(ports.map { "\($0["hostPort"] ?? .null)" }).count == ports.count)
        for port in container(controller)?["ports"]?.array ?? [] { #expect(port["hostPort"] == nil) }
        for workload in [controller, speaker] {
            let names = Set((container(workload)?["ports"]?.array ?? []).compactMap { $0["name"]?.string })
            for probe in ["livenessProbe", "readinessProbe"] {
                #expect(names.contains(container(workload)?.at(probe, "httpGet", "port")?.string ?? ""))
            }
        }
    }

    @Test("the controllers are spread over nodes, each rollout by itself, and one of them may always be evicted")
    func spread() {
        let spread = controller.at("spec", "template", "spec", "topologySpreadConstraints", "0")
        #expect(spread?["topologyKey"] == "kubernetes.io/hostname" && spread?["whenUnsatisfiable"] == "ScheduleAnyway")
        #expect(spread?["matchLabelKeys"] == ["pod-template-hash"])
        #expect(spread?.at("labelSelector", "matchLabels") == controller.at("spec", "selector", "matchLabels"))
        let budget = objects.first("PodDisruptionBudget", "herald-controller")
        #expect(budget?.at("spec", "selector", "matchLabels") == controller.at("spec", "selector", "matchLabels"))
        #expect(budget?.at("spec", "unhealthyPodEvictionPolicy") == "AlwaysAllow")
    }

    @Test("the controller is no root, has no capability, two replicas, a budget, and does not share the host's network")
    func controllerPod() {
        #expect(controller.at("spec", "replicas") == 2)
        #expect(controller.at("spec", "template", "spec", "securityContext", "runAsNonRoot") == true)
        #expect(container(controller)?.at("securityContext", "capabilities", "add") == nil)
        #expect(controller.at("spec", "template", "spec", "hostNetwork") == nil)
        #expect(objects.first("PodDisruptionBudget", "herald-controller")?.at("spec", "maxUnavailable") == 1)
    }

    @Test("the speaker has NET_RAW and nothing else, on every Linux node, one restarting at a time")
    func speakerPod() {
        let pod = speaker.at("spec", "template", "spec")
        #expect(container(speaker)?.at("securityContext", "capabilities", "add") == ["NET_RAW"])
        #expect(pod?["hostNetwork"] == true && pod?["hostPID"] == nil && pod?["hostIPC"] == nil)
        #expect(pod?["nodeSelector"] == ["kubernetes.io/os": "linux"])
        #expect(pod?["tolerations"] == [["operator": "Exists"]])
        #expect(pod?["priorityClassName"] == "system-node-critical")
        #expect(speaker.at("spec", "updateStrategy", "rollingUpdate") == ["maxSurge": 0, "maxUnavailable": 1])
        #expect((pod?["terminationGracePeriodSeconds"]?.integer ?? 0) >= 5)
    }

    @Test("what the documentation names in arguments of the speaker is set for it")
    func variables() throws {
        let fields = Dictionary(
            (container(speaker)?["env"]?.array ?? []).map {
                ($0["name"]?.string ?? "", $0.at("valueFrom", "fieldRef", "fieldPath")?.string ?? "")
            }, uniquingKeysWith: { $1 })
        #expect(fields["HOST_IP"] == "status.hostIP" && fields["NODE_NAME"] == "spec.nodeName")
        for page in ["security.md", "configuration.md", "install.md"] {
            let text = try String(contentsOf: repository.appending(path: "docs/\(page)"), encoding: .utf8)
            for match in text.matches(of: /\$\(([A-Z_]+)\)/) {
                #expect(fields[String(match.1)] != nil, "\(page): \(match.1)")
            }
        }
    }

    @Test(
        "a field reference has its apiVersion: server-side apply owns it whole, and the server's default would be a conflict"
    )
    func fieldReferences() {
        for workload in [controller, speaker] {
            for variable in container(workload)?["env"]?.array ?? [] {
                guard let reference = variable.at("valueFrom", "fieldRef") else { continue }
                #expect(reference["apiVersion"] == "v1", "\(workload.name): \(variable["name"]?.string ?? "")")
            }
        }
    }

    @Test("probes ask for life and readiness apart, with patience for the first")
    func probes() {
        for workload in [controller, speaker] {
            let (live, ready) = (container(workload)?["livenessProbe"], container(workload)?["readinessProbe"])
            #expect(live?.at("httpGet", "path") == "/healthz" && ready?.at("httpGet", "path") == "/readyz")
            let patience = (live?["periodSeconds"]?.integer ?? 0) * (live?["failureThreshold"]?.integer ?? 0)
            #expect(patience >= 30)
        }
    }

    @Test("the namespace allows what speakers need, and selectors match the pods")
    func wiring() {
        let namespace = objects.first("Namespace", "herald-system")
        #expect(namespace?.at("metadata", "labels", "pod-security.kubernetes.io/enforce") == "privileged")
        for workload in [controller, speaker] {
            let wanted = workload.at("spec", "selector", "matchLabels")?.object ?? [:]
            let labels = workload.at("spec", "template", "metadata", "labels")?.object ?? [:]
            #expect(!wanted.isEmpty && wanted.allSatisfy { labels[$0.key] == $0.value })
            let account = workload.at("spec", "template", "spec", "serviceAccountName")?.string ?? ""
            #expect(objects.first("ServiceAccount", account) != nil)
        }
    }

    @Test("no role has a wildcard, and speakers write nothing but Leases, Events and their own status records")
    func roles() {
        for object in objects where ["Role", "ClusterRole"].contains(object.kind) {
            for rule in object["rules"]?.array ?? [] {
                let words = ["verbs", "resources", "apiGroups"].flatMap { rule[$0]?.array ?? [] }
                #expect(!words.contains("*") && !words.contains("deletecollection"), "\(object.name)")
                guard object.name == "herald-speaker" else { continue }
                let writes = Set((rule["verbs"]?.array ?? []).compactMap(\.string)).subtracting([
                    "get", "list", "watch",
                ])
                let resources = Set((rule["resources"]?.array ?? []).compactMap(\.string))
                let writable: Set = ["leases", "events", "servicel2statuses", "servicel2statuses/status"]
                #expect(writes.isEmpty || resources.isSubset(of: writable), "\(resources.sorted())")
            }
        }
    }
}
