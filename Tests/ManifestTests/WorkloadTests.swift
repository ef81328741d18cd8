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
