import CLinux
import ServiceLifecycle

/// Lets go of the code and constants that only the start needed, when the daemon has been up for a minute and is ready.
///
/// Linux maps a program in pieces of 64 KiB around each page that is touched. Dynamic linking, flags, the first lists and
/// handshakes touch a good part of it once, and a quarter of a speaker's resident memory would be what is not used again.
/// It stays in the page cache, which the kernel takes back when it needs to.
package struct StartCode: Service {
    private let health: HealthState
    private let delay: Duration

    package init(_ health: HealthState, delay: Duration = .seconds(60)) { (self.health, self.delay) = (health, delay) }

    package func run() async throws {
        try? await cancelWhenGracefulShutdown {
            repeat { try await Task.sleep(for: delay) } while !health.readiness.isHealthy
            cl_release_program()
        }
        try await gracefulShutdown()
    }
}
