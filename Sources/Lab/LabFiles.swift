import ChildProcess
import Foundation

/// Where the lab keeps its files: one tmpfs over /run, and /etc copied onto it, in the lab's own mount namespace.
struct LabFiles {
    static let root = "/run/lab"
    static let kubeconfig = apiData + "/kubeconfig"
    static let apiData = root + "/api-server"
    static let certificateAuthority = apiData + "/ca.crt"
    static let logs = root + "/logs"
    static let hosts = "/etc/hosts"
    /// Where the kubelet mounts a Pod's credentials, and so where the in-cluster configuration looks.
    static let serviceAccount = "/run/secrets/kubernetes.io/serviceaccount"
    /// The only CA file that URLSession knows on Linux.
    static let certificates = "/etc/ssl/certs/ca-certificates.crt"

    static func log(_ name: String) -> String { "\(logs)/\(name).log" }

    /// The folder that is mounted into the Pods of a ServiceAccount.
    static func credentials(of serviceAccount: String) -> String { "\(root)/credentials/\(serviceAccount)" }

    /// Hides /run and /etc behind copies in memory; everything written from here on dies with the lab.
    static func prepare(_ topology: LabTopology) async throws {
        let script = """
            set -e
            mount -t tmpfs -o mode=755 lab /run
            [ /var/run -ef /run ] || { mkdir -p /var/run; mount --bind /run /var/run; }
            mkdir -p /run/netns /run/etc \(apiData) \(logs) \(serviceAccount)
            cp -a /etc/. /run/etc/ 2>/dev/null || true
            mount --bind /run/etc /etc
            rm -f /etc/resolv.conf
            mkdir -p \(certificates.split(separator: "/").dropLast().reduce("") { "\($0)/\($1)" })
            """
        try await Program(["sh", "-c", script]).check()
        var hosts = "127.0.0.1 localhost\n::1 localhost\n"
        for machine in topology.machines { hosts += "\(machine.address) \(machine.name)\n" }
        try hosts.write(toFile: self.hosts, atomically: true, encoding: .utf8)
    }
}
