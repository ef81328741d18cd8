import ChildProcess
import Foundation

/// The operator's own command that tells a resolver to read its file again.
struct ReloadCommand: Sendable {
    let command: String
    /// A command that takes longer is killed, with all that it has started.
    var limit = Duration.seconds(10)

    /// Runs it once.
    func run() async throws {
        guard let result = try await Program(["sh", "-c", command]).run(within: limit) else {
            throw Complaint("`\(command)` took longer than \(limit) and was killed")
        }
        guard !result.isSuccess else { return }
        let output = result.output.trimmingCharacters(in: .whitespacesAndNewlines)
        throw Complaint("`\(command)` ended with status \(result.status)\(output.isEmpty ? "" : ": \(output)")")
    }
}

/// Reloads after each request until it succeeds once, with a growing pause between the attempts. Requests that come
/// meanwhile are one; the file may change meanwhile, because a resolver that reads it reads its newest state.
struct Reloader: Sendable {
    static let firstPause = Duration.seconds(1)
    static let longestPause = Duration.seconds(60)

    let attempt: @Sendable () async throws -> Void
    let pause: @Sendable (Duration) async throws -> Void
    let complain: @Sendable (String) -> Void

    /// Until `requests` end, or the task is cancelled.
    func run(_ requests: AsyncStream<Void>) async throws {
        for await _ in requests {
            var delay = Self.firstPause
            var told: String?
            while true {
                do {
                    try await attempt()
                    if told != nil { complain("the reload succeeded") }
                    break
                } catch {
                    let text = "\(error)"
                    if text != told { complain("\(text); trying again") }
                    told = text
                }
                try await pause(delay)
                delay = min(delay * 2, Self.longestPause)
            }
        }
    }
}
