import Foundation
import Logging
import ServiceLifecycle
import Telemetry
import Testing

@Suite("Code that only the start needs")
struct StartCodeTests {
    /// In a process of its own: what other tests run would count, and would have to come back.
    @Test("it is let go of, what runs comes back, and the service ends when asked")
    func release() async throws {
        await #expect(processExitsWith: .success) {
            let before = try Self.residentCode()
            let health = HealthState()
            let group = ServiceGroup(
                services: [StartCode(health, delay: .milliseconds(20))],
                logger: .init(label: "test", factory: { _ in Silent() }))
            try await withThrowingTaskGroup { tasks in
                tasks.addTask { try await group.run() }
                try await Task.sleep(for: .milliseconds(100))
                health.set("synced", problem: nil)
                var now = before
                for _ in 0..<100 where now >= before {
                    try await Task.sleep(for: .milliseconds(20))
                    now = try Self.residentCode()
                }
                #expect(now < before, "\(before) kB before, \(now) kB after")
                await group.triggerGracefulShutdown()
                try await tasks.waitForAll()
            }
        }
    }

    @Test("a shutdown does not wait for it")
    func shutdown() async throws {
        let group = ServiceGroup(
            services: [StartCode(HealthState(), delay: .seconds(3600))],
            logger: .init(label: "test", factory: { _ in Silent() }))
        try await withThrowingTaskGroup { tasks in
            tasks.addTask { try await group.run() }
            try await Task.sleep(for: .milliseconds(100))
            await group.triggerGracefulShutdown()
            try await tasks.waitForAll()
        }
    }

    /// Resident pages of files, in kB.
    private static func residentCode() throws -> Int {
        let status = try String(contentsOfFile: "/proc/self/status", encoding: .utf8)
        let line = try #require(status.split(separator: "\n").first { $0.hasPrefix("RssFile:") })
        return try #require(line.split(separator: " ").compactMap { Int($0) }.first)
    }
}
