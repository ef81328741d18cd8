import CLinux
import ServiceLifecycle

/// Lets go of the code that only the start needed, a minute after it.
///
/// Linux maps a program in pieces of 64 KiB around each page that is touched. Dynamic linking, flags, the first lists and
/// handshakes touch a good part of it once, and a quarter of a speaker's resident memory would be code and constants that
/// are not used again.
package struct StartCode: Service {
    private let delay: Duration

    package init(delay: Duration = .seconds(60)) { self.delay = delay }

    package func run() async throws {
        try? await cancelWhenGracefulShutdown {
            try await Task.sleep(for: delay)
            cl_release_program()
        }
        try await gracefulShutdown()
    }
}
