import Foundation

/// The lab's output: one line for each step, `ok` or `FAILED`, with the evidence.
struct LabReport: ~Copyable {
    private let write: (String) -> Void
    private let start = ContinuousClock.now
    private(set) var failures = 0

    init(write: @escaping (String) -> Void) { self.write = write }

    /// Why a step failed, when it is no other error's text.
    struct Unmet: Error, CustomStringConvertible {
        let description: String
        init(_ description: String) { self.description = description }
    }

    /// Runs `body`, which returns the evidence or throws, and prints the step's line.
    @discardableResult
    mutating func step(
        _ title: String, isolation: isolated (any Actor)? = #isolation, _ body: () async throws -> String
    )
        async -> Bool
    {
        let start = ContinuousClock.now
        do {
            let evidence = try await body()
            let seconds = String(format: "%.1f s", start.duration(to: .now) / .seconds(1))
            write("ok      \(title) (\(seconds))\(Self.indented(evidence))")
            return true
        } catch {
            failures += 1
            write("FAILED  \(title)\(Self.indented("\(error)"))")
            return false
        }
    }

    func note(_ text: String) { write(text) }

    func end() {
        let seconds = String(format: "%.1f s", start.duration(to: .now) / .seconds(1))
        write(failures == 0 ? "ok      all of it in \(seconds)" : "FAILED  \(failures) steps, after \(seconds)")
    }

    private static func indented(_ text: String) -> String {
        let text = text.trimmingCharacters(in: .whitespacesAndNewlines)
        return text.isEmpty ? "" : "\n" + text.split(separator: "\n").map { "        \($0)" }.joined(separator: "\n")
    }
}
