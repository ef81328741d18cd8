import KubernetesModel
import Testing

@testable import ControllerDaemon

struct StartCheckTests {
    @Test(
        "an API server before Kubernetes 1.31 is warned of, by its own name",
        arguments: [
            ("1", "30", "v1.30.4", "this API server is v1.30.4"),
            ("1", "9+", "v1.9.11-gke", "this API server is v1.9.11-gke"),
            ("1", "31", "v1.31.0", nil), ("1", "33+", "v1.33.2-eks", nil), ("1", "", "", nil),
            ("2", "0", "v2.0.0", nil),
        ] as [(String, String, String, String?)])
    func warning(major: String, minor: String, git: String, says: String?) {
        let version: JSONValue = ["major": .string(major), "minor": .string(minor), "gitVersion": .string(git)]
        let warning = StartCheck.warning(of: version)
        if let says {
            #expect(warning?.hasSuffix(says) == true && warning?.contains("needs Kubernetes 1.31") == true)
        } else {
            #expect(warning == nil)
        }
    }
}
