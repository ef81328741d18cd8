import NIOCore
import NIOPosix

/// Fetches one page over and over, each time on a new connection, and measures the longest silence.
///
/// Attempts overlap: one starts every interval whether or not the last has ended, so that the resolution is the
/// interval, not the connect timeout.
package struct LabProber: Sendable {
    let host: String
    /// Connected to instead of what `host` resolves to.
    let address: String?
    let port: Int
    let interval: Duration
    /// An attempt that has no whole answer by then has failed.
    let patience: Duration

    package init(
        host: String, address: String? = nil, port: Int = 80, interval: Duration = .milliseconds(10),
        patience: Duration = .milliseconds(250)
    ) {
        (self.host, self.address, self.port, self.interval, self.patience) = (host, address, port, interval, patience)
    }

    /// One fetch: the body of the page, or why there is none.
    package func fetch(path: String = "/") async throws -> String {
        let timeout = TimeAmount(patience)
        let channel = try await ClientBootstrap(group: MultiThreadedEventLoopGroup.singleton)
            .connectTimeout(timeout)
            .connect(host: address ?? host, port: port) { channel in
                channel.eventLoop.makeCompletedFuture {
                    try NIOAsyncChannel<ByteBuffer, ByteBuffer>(wrappingChannelSynchronously: channel)
                }
            }
        let deadline = channel.channel.eventLoop.scheduleTask(in: timeout) { channel.channel.close(promise: nil) }
        defer { deadline.cancel() }
        let authority = host.contains(":") ? "[\(host)]" : host
        let response = try await channel.executeThenClose { inbound, outbound in
            try await outbound.write(
                ByteBuffer(string: "GET \(path) HTTP/1.1\r\nHost: \(authority)\r\nConnection: close\r\n\r\n"))
            var all = ByteBuffer()
            for try await part in inbound { all.writeImmutableBuffer(part) }
            return String(buffer: all)
        }
        guard response.hasPrefix("HTTP/1.1 200"), let head = response.firstRange(of: "\r\n\r\n") else {
            throw Failure.noPage(response.isEmpty ? "no answer" : String(response.prefix { $0 != "\r\n" }))
        }
        return String(response[head.upperBound...])
    }

    package enum Failure: Error, CustomStringConvertible {
        case noPage(String)

        package var description: String {
            switch self {
            case .noPage(let text): text
            }
        }
    }

    /// What ``watch(for:)`` saw.
    package struct Report: Sendable, Codable {
        package var attempts = 0
        package var failures = 0
        /// Seconds between the last page before the longest silence and the first page after it.
        package var gap = 0.0
        package var after = ""
        /// A second host answered, and has gone on answering since.
        package var isRecovered = false
    }

    private enum Event: Sendable {
        case page(String, at: ContinuousClock.Instant)
        case failure
        case tick
    }

    /// Probes until another page than the first has come for `settle`, or `limit` has passed since the first came.
    ///
    /// - Parameter begun: is called when the first page has come.
    package func watch(
        for limit: Duration, settle: Duration = .milliseconds(500), begun: () -> Void = {}
    ) async -> Report {
        let clock = ContinuousClock()
        var start = clock.now
        var report = Report()
        var last: (page: String, at: ContinuousClock.Instant)?
        var changed: ContinuousClock.Instant?
        await withTaskGroup(of: Event.self) { group in
            group.addTask { await tick() }
            while let event = await group.next() {
                let now = clock.now
                switch event {
                case .tick:
                    if now - start > limit || changed.map({ now - $0 > settle }) ?? false {
                        group.cancelAll()
                        return
                    }
                    report.attempts += 1
                    group.addTask { await attempt() }
                    group.addTask { await tick() }
                case .failure: report.failures += 1
                case .page(let page, let at):
                    if let last {
                        let gap = last.at.duration(to: at) / .seconds(1)
                        if gap > report.gap { (report.gap, report.after) = (gap, page) }
                        if page != last.page { (changed, report.isRecovered) = (now, true) }
                    } else {
                        start = now
                        begun()
                    }
                    last = (page, at)
                }
            }
        }
        return report
    }

    private func tick() async -> Event {
        try? await Task.sleep(for: interval)
        return .tick
    }

    private func attempt() async -> Event {
        do { return .page(try await fetch(), at: ContinuousClock().now) } catch { return .failure }
    }
}
