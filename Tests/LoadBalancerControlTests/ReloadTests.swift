import Foundation
import Testing

@testable import LoadBalancerControl

@Suite("hosts --reload")
struct ReloadTests {
    @Test("a command that fails is told with its status and what it said")
    func failure() async throws {
        let error = await #expect(throws: Complaint.self) {
            try await ReloadCommand(command: "echo no such process; exit 3").run()
        }
        #expect(error?.description == "`echo no such process; exit 3` ended with status 3: no such process")
        try await ReloadCommand(command: "true").run()
    }

    @Test("a command that hangs is killed with all that it has started", .timeLimit(.minutes(1)))
    func hanging() async throws {
        try await Scratch.with { folder in
            // The child holds the command's output open, and says by the file's lock that it lives.
            let command = "(flock 9; touch \(folder)/locked; exec sleep 1000) 9>\(folder)/lock & wait"
            let reload = ReloadCommand(command: command, limit: .seconds(5))
            let error = await #expect(throws: Complaint.self) { try await reload.run() }
            #expect(error?.description == "`\(command)` took longer than 5.0 seconds and was killed")
            #expect(FileManager.default.fileExists(atPath: "\(folder)/locked"))
            // Whoever was killed gives the lock back.
            try await ReloadCommand(command: "flock \(folder)/lock true", limit: .seconds(30)).run()
        }
    }

    /// Attempts that fail as told, and what came of it; no time passes.
    private actor Trial {
        private var results: [String?]
        private(set) var pauses: [Duration] = []
        private(set) var attempts = 0

        /// - Parameter results: of each attempt in turn, nil for success.
        init(_ results: [String?]) { self.results = results }

        func attempt() throws {
            attempts += 1
            if let text = results.removeFirst() { throw Complaint(text) }
        }

        func pause(_ duration: Duration) { pauses.append(duration) }
    }

    private static func reload(_ results: [String?], requests: Int = 1) async throws -> (Trial, [String]) {
        let trial = Trial(results)
        let (lines, line) = AsyncStream.makeStream(of: String.self)
        let (stream, request) = AsyncStream.makeStream(of: Void.self)
        for _ in 0..<requests { request.yield() }
        request.finish()
        try await Reloader(
            attempt: { try await trial.attempt() }, pause: { await trial.pause($0) }, complain: { line.yield($0) }
        ).run(stream)
        line.finish()
        var said: [String] = []
        for await text in lines { said.append(text) }
        return (trial, said)
    }

    @Test("a failed reload is run again until it succeeds, each pause twice the last, and the failure is told once")
    func again() async throws {
        let (trial, said) = try await Self.reload(Array(repeating: "down", count: 8) + [nil])
        #expect(await trial.attempts == 9)
        #expect(await trial.pauses == [1, 2, 4, 8, 16, 32, 60, 60].map { .seconds($0) })
        #expect(said == ["down; trying again", "the reload succeeded"])
    }

    @Test("another failure is told again, and each request begins with a short pause")
    func anew() async throws {
        let (trial, said) = try await Self.reload(["down", "gone", nil, nil, "down", nil], requests: 3)
        #expect(await trial.pauses == [1, 2, 1].map { .seconds($0) })
        #expect(
            said == [
                "down; trying again", "gone; trying again", "the reload succeeded", "down; trying again",
                "the reload succeeded",
            ])
    }
}
