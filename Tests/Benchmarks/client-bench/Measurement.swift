import Foundation
import KubernetesClient
import KubernetesModel
import MonotonicTime
import Synchronization

/// One figure of one transport, printed as `goal NAME: FIGURE (GOAL) met|missed`.
struct Measurement: Sendable {
    let kind: TransportSelection.Kind
    let directory: String
    let seconds: Int
    let client: APIClient

    init(kind: TransportSelection.Kind, directory: String, seconds: Int) throws {
        (self.kind, self.directory, self.seconds) = (kind, directory, seconds)
        func read(_ name: String) throws -> String {
            try String(contentsOfFile: "\(directory)/\(name)", encoding: .utf8)
        }
        let configuration = APIConfiguration(
            server: try ServerAddress(try read("url")), trust: .file("\(directory)/ca.crt"),
            credentials: .token(try read("admin.token")))
        client = try APIClient(configuration, transport: kind)
    }

    /// CPU of a process with the watches of a speaker, when nothing changes.
    func idle() async throws {
        try await reflecting {
            try await Task.sleep(for: .seconds(20))
            let (start, before) = (MonotonicClock.now(), Process.cpuSeconds())
            try await Task.sleep(for: .seconds(seconds))
            let share = (Process.cpuSeconds() - before) / (MonotonicClock.now() - start).seconds * 100
            report("idle CPU of 8 watches over \(seconds) s", share, "% of a core", limit: 0.3)
            report("resident memory", Double(Process.kilobytes("VmRSS")) / 1024, "MB", limit: nil)
        }
    }

    /// Memory that a list of all Services takes while it is taken in.
    func list() async throws {
        _ = try await client.raw(.get, "/version")
        try await Task.sleep(for: .seconds(1))
        let before = Process.kilobytes("VmRSS")
        let start = MonotonicClock.now()
        let list = try await client.list(Service.self, namespace: "default")
        let took = MonotonicClock.now() - start
        let size = Double(list.items.count) * 2000 / 1_000_000
        let extra = Double(Process.kilobytes("VmHWM") - before) / 1024
        report("memory of a list of \(list.items.count) Services, \(size) MB", extra / size, "× its size", limit: 3)
        report("time of that list", took.seconds, "s", limit: nil)
    }

    /// How late the events of a source of 5,000 a second are when they have been applied.
    func burst() async throws {
        let url = try String(contentsOfFile: "\(directory)/burst", encoding: .utf8)
        let source = try APIClient(APIConfiguration(server: try ServerAddress(url)), transport: kind)
        let seen = Seen()
        try await withThrowingTaskGroup(of: Void.self) { group in
            group.addTask {
                await source.reflect(Service.self) { event in
                    guard case .change(.applied(let service)) = event else { return }
                    let stamp = service.metadata.annotations?["stamp"].flatMap { Int64($0) } ?? 0
                    let late = MonotonicClock.now() - Instant(nanoseconds: stamp)
                    seen.state.withLock { state in
                        state.services[service.key] = service
                        state.count += 1
                        state.worst = max(state.worst, late)
                    }
                }
            }
            try await Task.sleep(for: .seconds(3))
            seen.state.withLock { ($0.count, $0.worst) = (0, .zero) }
            let start = MonotonicClock.now()
            try await Task.sleep(for: .seconds(seconds))
            let (count, worst) = seen.state.withLock { ($0.count, $0.worst) }
            let rate = Double(count) / (MonotonicClock.now() - start).seconds
            report("watch events applied", rate, "per second", atLeast: 4950)
            report("the latest of them", worst.seconds, "s behind", limit: 0.5)
            group.cancelAll()
            try? await group.waitForAll()
        }
        await source.shutdown()
    }

    /// How soon after an outage a change is known.
    func outage() async throws {
        let seen = Seen()
        try await withThrowingTaskGroup(of: Void.self) { group in
            group.addTask {
                await client.reflect(Service.self, namespace: "default") { event in
                    let services: [Service] =
                        switch event {
                        case .change(.applied(let service)): [service]
                        case .change(.replaced(let all, _)): all
                        default: []
                        }
                    for service in services where service.metadata.name == "beacon" {
                        let value = service.metadata.annotations?["stamp"].flatMap { Int64($0) } ?? 0
                        seen.state.withLock { $0.stamp = value }
                    }
                }
            }
            try await Task.sleep(for: .seconds(5))
            let old = seen.state.withLock { $0.stamp }
            try "outage \(seconds)".write(toFile: "\(directory)/command", atomically: true, encoding: .utf8)
            while seen.state.withLock({ $0.stamp }) == old { try await Task.sleep(for: .milliseconds(20)) }
            let late = MonotonicClock.now() - Instant(nanoseconds: seen.state.withLock { $0.stamp })
            report("convergence after \(seconds) s without an API server", late.seconds, "s", limit: 10)
            group.cancelAll()
            try? await group.waitForAll()
        }
    }

    /// The watches of a speaker.
    private func reflecting(_ body: @Sendable @escaping () async throws -> Void) async throws {
        let client = client
        try await withThrowingTaskGroup(of: Void.self) { group in
            func watch<Object: KubernetesObject>(_ type: Object.Type, _ pace: WatchPace) {
                group.addTask { await client.reflect(type, pace: pace) { _ in } }
            }
            watch(Service.self, .prompt)
            watch(EndpointSlice.self, .prompt)
            watch(Node.self, .prompt)
            watch(Namespace.self, .prompt)
            watch(Ingress.self, .prompt)
            watch(Secret.self, .relaxed)
            watch(Lease.self, .relaxed)
            watch(Event.self, .relaxed)
            try await body()
            group.cancelAll()
            try? await group.waitForAll()
        }
    }

    private func report(
        _ name: String, _ figure: Double, _ unit: String, limit: Double? = nil, atLeast: Double? = nil
    ) {
        let rounded = (figure * 1000).rounded() / 1000
        let (goal, isMet) =
            if let limit { ("under \(limit)", figure < limit) } else if let atLeast {
                ("at least \(atLeast)", figure >= atLeast)
            } else { ("", true) }
        print(
            goal.isEmpty
                ? "\(kind.rawValue), \(name): \(rounded) \(unit)"
                : "goal \(kind.rawValue), \(name): \(rounded) \(unit) (\(goal)) \(isMet ? "met" : "missed")")
    }
}

/// What a reflector's handler saw.
private final class Seen: Sendable {
    struct State {
        var services: [ObjectKey: Service] = [:]
        var count = 0
        var worst = Interval.zero
        var stamp: Int64 = 0
    }
    let state = Mutex(State())
}

/// What the kernel says of this process.
enum Process {
    static func cpuSeconds() -> Double {
        let stat = (try? String(contentsOfFile: "/proc/self/stat", encoding: .utf8)) ?? ""
        // Fields 14 and 15, counted behind the program's name, in ticks of 10 ms (proc(5)).
        let fields = stat.split(separator: ")").last?.split(separator: " ") ?? []
        guard fields.count > 12, let user = Double(fields[11]), let system = Double(fields[12]) else { return 0 }
        return (user + system) / 100
    }

    static func kilobytes(_ field: String) -> Int {
        let status = (try? String(contentsOfFile: "/proc/self/status", encoding: .utf8)) ?? ""
        let line = status.split(separator: "\n").first { $0.hasPrefix("\(field):") } ?? ""
        return line.split(whereSeparator: { $0 == " " || $0 == "\t" }).compactMap { Int($0) }.first ?? 0
    }
}
