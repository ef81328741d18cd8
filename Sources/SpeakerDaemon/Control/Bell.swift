/// Wakes one loop: rings that come while it works are one ring.
final class Bell: Sendable {
    private let stream: AsyncStream<Void>
    private let continuation: AsyncStream<Void>.Continuation

    init() {
        (stream, continuation) = AsyncStream.makeStream(bufferingPolicy: .bufferingNewest(1))
    }

    func ring() { continuation.yield() }

    /// For the one loop that listens.
    func listener() -> Listener { Listener(bell: self, rings: stream.makeAsyncIterator()) }

    struct Listener {
        fileprivate let bell: Bell
        fileprivate var rings: AsyncStream<Void>.Iterator

        /// Returns at the next ring, after `limit`, or when the task is cancelled.
        mutating func wait(atMost limit: Duration?) async {
            await withTaskGroup(of: Void.self) { [bell] group in
                if let limit {
                    group.addTask {
                        if (try? await Task.sleep(for: limit)) != nil { bell.ring() }
                    }
                }
                _ = await rings.next()
                group.cancelAll()
            }
        }
    }
}
