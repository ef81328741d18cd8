import NIOCore
import NIOSSL
import Synchronization

/// The connections that are open, so that they can be cut, and the requests that are being answered.
final class Connections: Sendable {
    private struct State {
        var channels: [ObjectIdentifier: any Channel] = [:]
        var requests = 0
        var isRefusing = false
    }

    private let state = Mutex(State())

    /// Watches too.
    var requests: Int { state.withLock { $0.requests } }

    func began() { state.withLock { $0.requests += 1 } }
    func ended() { state.withLock { $0.requests -= 1 } }

    /// A connection was accepted.
    func note(_ channel: any Channel) {
        let id = ObjectIdentifier(channel)
        let isRefused = state.withLock { state in
            state.channels[id] = channel
            return state.isRefusing
        }
        channel.closeFuture.whenComplete { [self] _ in state.withLock { _ = $0.channels.removeValue(forKey: id) } }
        if isRefused { Self.cut(channel) }
    }

    /// Closes every connection in good order: clients that do not answer keep theirs for five seconds (TLS).
    func closeAll() { for channel in open { channel.close(promise: nil) } }

    /// From now on every connection is cut, also those whose accepting was under way.
    func cutAll() {
        state.withLock { $0.isRefusing = true }
        for channel in open { Self.cut(channel) }
    }

    func accept() { state.withLock { $0.isRefusing = false } }

    private var open: [any Channel] { state.withLock { Array($0.channels.values) } }

    /// Closes the socket, without the farewell of TLS.
    private static func cut(_ channel: any Channel) {
        channel.eventLoop.execute {
            let pipeline = channel.pipeline.syncOperations
            guard let tls = try? pipeline.context(handlerType: NIOSSLServerHandler.self) else {
                return channel.close(promise: nil)
            }
            tls.close(promise: nil)
        }
    }
}
