import ArgumentParser
import FoundationEssentials
import KubernetesClient
import KubernetesModel
import MonotonicTime

struct RequestOptions: ParsableArguments {
    @Option(name: .customLong("kube-api-qps"), help: "Requests per second in the long run.")
    var rate = 500.0

    @Option(name: .customLong("kube-api-burst"), help: "Requests at once after a pause.")
    var burst = 1500

    func validate() throws {
        guard (0.1...100_000).contains(rate) else {
            throw ValidationError("--kube-api-qps is \(rate); it must be 0.1 to 100000 requests per second")
        }
        guard (1...100_000).contains(burst) else {
            throw ValidationError("--kube-api-burst is \(burst); it must be 1 to 100000 requests")
        }
    }
}

struct ElectionOptions: ParsableArguments {
    @Flag(inversion: .prefixedNo, help: "Lead only while holding the Lease, so that several replicas can run.")
    var leaderElect = true

    @Option(name: .customLong("leader-elect-resource-name"), help: "The Lease's name.")
    var leaseName = HeraldObjects.controllerLease

    @Option(
        name: .customLong("leader-elect-identity"),
        help: "Our name in the Lease. (default: pod or host name, and a random part)")
    var identity: String?

    @Option(name: .customLong("leader-elect-lease-duration"), help: "Seconds that others wait for a silent leader.")
    var leaseDuration = 15

    @Option(
        name: .customLong("leader-elect-renew-deadline"),
        help: "Seconds after which a leader that cannot renew gives up.")
    var renewDeadline = 10

    @Option(name: .customLong("leader-elect-retry-period"), help: "Seconds between attempts.")
    var retryPeriod = 2

    private var timing: LeaderElectionTiming {
        LeaderElectionTiming(
            leaseDuration: .seconds(Int64(leaseDuration)), renewDeadline: .seconds(Int64(renewDeadline)),
            retryPeriod: .seconds(Int64(retryPeriod)))
    }

    func validate() throws {
        if let problem = timing.problem {
            throw ValidationError(
                "--leader-elect-lease-duration \(leaseDuration), --leader-elect-renew-deadline \(renewDeadline),"
                    + " --leader-elect-retry-period \(retryPeriod): \(problem)")
        }
        // An empty holder is what a Lease says that nobody holds.
        guard identity?.isEmpty != true else { throw ValidationError("--leader-elect-identity must not be empty") }
    }

    func elector(_ client: APIClient, namespace: String, podName: String?) -> LeaderElector? {
        guard leaderElect else { return nil }
        let host = podName ?? ProcessInfo.processInfo.hostName
        let random = String(UInt32.random(in: 0...UInt32.max), radix: 16)
        return LeaderElector(
            client, namespace: namespace, name: leaseName, identity: identity ?? "\(host)_\(random)",
            timing: timing)
    }
}
