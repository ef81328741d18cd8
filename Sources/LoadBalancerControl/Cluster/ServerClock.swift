import KubernetesClient
import KubernetesModel

/// The time by the API server's clock: what is compared with times out of the cluster must not depend on the clock of
/// whoever looks.
struct ServerClock: Sendable, Hashable {
    /// Microseconds.
    private let lead: Int64

    /// - Parameters:
    ///   - server: of an answer of just now, in whole seconds; nil when it did not say.
    ///   - local: this host's clock at the same time.
    init(server: Timestamp?, local: Timestamp) {
        let lead = server.map { $0.microseconds + 500_000 - local.microseconds } ?? 0
        // A second is lost to rounding, and some of another on the way.
        self.lead = abs(lead) > 2_000_000 ? lead : 0
    }

    var now: Timestamp { time(at: .now) }

    func time(at local: Timestamp) -> Timestamp { Timestamp(microseconds: local.microseconds + lead) }
}

extension ClusterReader {
    /// This host's own clock when the API server does not say the time.
    func clock() async -> ServerClock {
        let server = try? await client.serverTime()
        return ServerClock(server: server, local: .now)
    }
}
