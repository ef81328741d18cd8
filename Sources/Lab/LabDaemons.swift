import ChildProcess
import Foundation

/// The long-running processes of the lab: starts them, knows their process ids, ends them with itself.
actor LabDaemons {
    private let starts: AsyncStream<(name: String, program: Program)>
    private let start: AsyncStream<(name: String, program: Program)>.Continuation
    private var processes: [String: Int32] = [:]
    private var ended: [String: Int32] = [:]

    init() { (starts, start) = AsyncStream.makeStream() }

    /// Runs what is started, until cancelled.
    func run() async {
        await withDiscardingTaskGroup { group in
            for await (name, program) in starts {
                group.addTask { await self.run(name, program) }
            }
        }
    }

    nonisolated func start(_ name: String, _ program: Program) { start.yield((name, program)) }

    func signal(_ name: String, _ signal: Int32) { if let process = processes[name] { kill(process, signal) } }

    /// The exit status of one that has ended, until it is started again.
    func end(of name: String) -> Int32? { ended[name] }

    /// Throws when one of them has ended that nobody ended.
    func check(_ name: String) throws {
        guard let status = ended[name] else { return }
        throw LabReport.Unmet("\(name) ended with status \(status): \(Self.lastLines(of: name))")
    }

    private func run(_ name: String, _ program: Program) async {
        ended[name] = nil
        let status: Int32
        do {
            status = try await program.run(log: LabFiles.log(name)) { process in
                self.started(name, process)
            }
        } catch {
            status = -1
        }
        processes[name] = nil
        ended[name] = status
    }

    private func started(_ name: String, _ process: Int32) { processes[name] = process }

    static func lastLines(of name: String, count: Int = 3) -> String {
        let text = (try? String(contentsOfFile: LabFiles.log(name), encoding: .utf8)) ?? ""
        return text.split(separator: "\n").suffix(count).joined(separator: "\n")
    }
}
