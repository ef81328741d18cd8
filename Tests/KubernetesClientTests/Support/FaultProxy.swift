import Glibc
import KubernetesClient
import NIOCore
import NIOPosix
import Synchronization

/// A TCP proxy that misbehaves on command.
final class FaultProxy: Sendable {
    enum Fault: Sendable, Equatable {
        case none
        /// Connections are accepted and nothing ever comes back; what the client sends is swallowed.
        case blackHole
        /// Every connection is reset as soon as it is made.
        case reset
        /// What the server sends arrives a few bytes at a time.
        case drip
        /// The connection is closed after so many bytes from the server.
        case cut(after: Int)
    }

    private struct State {
        var fault = Fault.none
        var frozen = false
        var pairs: [ObjectIdentifier: any Channel] = [:]
        var accepted = 0
    }
    private let state = Mutex(State())
    private let group: MultiThreadedEventLoopGroup
    private let listener: Mutex<(any Channel)?>
    private let target: ServerAddress

    var port: Int { listener.withLock { $0?.localAddress?.port ?? 0 } }
    var accepted: Int { state.withLock { $0.accepted } }

    static func run<Value: Sendable>(to target: ServerAddress, _ body: (FaultProxy) async throws -> Value) async throws
        -> Value
    {
        let proxy = FaultProxy(target: target)
        try await proxy.start()
        do {
            let value = try await body(proxy)
            try await proxy.stop()
            return value
        } catch {
            try? await proxy.stop()
            throw error
        }
    }

    private init(target: ServerAddress) {
        self.target = target
        group = MultiThreadedEventLoopGroup(numberOfThreads: 1)
        listener = Mutex(nil)
    }

    private func start() async throws {
        let bootstrap = ServerBootstrap(group: group).serverChannelOption(.backlog, value: 1024)
            .serverChannelOption(.socketOption(.so_reuseaddr), value: 1)
            .childChannelInitializer { [self] client in accept(client) }
        let channel = try await bootstrap.bind(host: "127.0.0.1", port: 0).get()
        listener.withLock { $0 = channel }
    }

    private func stop() async throws {
        state.withLock { $0.frozen = false }
        try await listener.withLock { $0 }?.close()
        try await group.shutdownGracefully()
    }

    /// New connections suffer it; `set` with ``Fault/none`` heals only those to come.
    func set(_ fault: Fault) { state.withLock { $0.fault = fault } }

    /// From now on nothing passes on any connection, and none is closed: the peer is gone without a word.
    func freeze() { state.withLock { $0.frozen = true } }

    /// New connections work again; the frozen ones stay frozen.
    func thaw() {
        let old = state.withLock { state in
            state.frozen = false
            defer { state.pairs = [:] }
            return Array(state.pairs.values)
        }
        for channel in old { frozenForEver.withLock { _ = $0.insert(ObjectIdentifier(channel)) } }
    }
    private let frozenForEver = Mutex<Set<ObjectIdentifier>>([])

    /// Resets every connection.
    func resetAll() {
        for channel in state.withLock({ Array($0.pairs.values) }) { Self.reset(channel) }
    }

    func passes(_ channel: any Channel) -> Bool {
        if state.withLock({ $0.frozen }) { return false }
        return !frozenForEver.withLock { $0.contains(ObjectIdentifier(channel)) }
    }

    func forget(_ channel: any Channel) {
        state.withLock { _ = $0.pairs.removeValue(forKey: ObjectIdentifier(channel)) }
        frozenForEver.withLock { _ = $0.remove(ObjectIdentifier(channel)) }
    }

    static func reset(_ channel: any Channel) {
        guard let socket = channel as? any SocketOptionProvider else { return }
        socket.setSoLinger(linger(l_onoff: 1, l_linger: 0)).whenComplete { _ in channel.close(promise: nil) }
    }

    private func accept(_ client: any Channel) -> EventLoopFuture<Void> {
        let fault = state.withLock { state in
            state.accepted += 1
            state.pairs[ObjectIdentifier(client)] = client
            return state.fault
        }
        switch fault {
        case .reset:
            Self.reset(client)
            return client.eventLoop.makeSucceededVoidFuture()
        case .blackHole:
            return client.pipeline.addHandler(Swallower(proxy: self))
        case .none, .drip, .cut:
            return ClientBootstrap(group: client.eventLoop)
                .connect(host: target.host, port: target.port)
                .flatMap { server in
                    client.pipeline.addHandler(Forwarder(proxy: self, client: client, to: server, fault: .none))
                        .flatMap {
                            server.pipeline.addHandler(
                                Forwarder(proxy: self, client: client, to: client, fault: fault))
                        }
                }
        }
    }
}

private final class Swallower: ChannelInboundHandler, Sendable {
    typealias InboundIn = ByteBuffer
    private let proxy: FaultProxy

    init(proxy: FaultProxy) { self.proxy = proxy }

    func channelRead(context: ChannelHandlerContext, data: NIOAny) {}
    func channelInactive(context: ChannelHandlerContext) { proxy.forget(context.channel) }
    func errorCaught(context: ChannelHandlerContext, error: any Error) { context.close(promise: nil) }
}

/// One direction of a connection.
private final class Forwarder: ChannelInboundHandler, Sendable {
    typealias InboundIn = ByteBuffer
    private let proxy: FaultProxy
    private let client: any Channel
    private let peer: any Channel
    private let fault: FaultProxy.Fault
    private let passed = Mutex(0)
    /// When the next slice of a drip may go: after all that came before it.
    private let nextDrop = Mutex(NIODeadline.uptimeNanoseconds(0))

    init(proxy: FaultProxy, client: any Channel, to peer: any Channel, fault: FaultProxy.Fault) {
        (self.proxy, self.client, self.peer, self.fault) = (proxy, client, peer, fault)
    }

    func channelRead(context: ChannelHandlerContext, data: NIOAny) {
        guard proxy.passes(client) else { return }
        var bytes = unwrapInboundIn(data)
        switch fault {
        case .drip:
            while let slice = bytes.readSlice(length: min(97, bytes.readableBytes)), slice.readableBytes > 0 {
                let due = nextDrop.withLock { next in
                    next = max(next, .now()) + .milliseconds(10)
                    return next
                }
                let peer = peer
                context.eventLoop.scheduleTask(deadline: due) { peer.writeAndFlush(slice, promise: nil) }
            }
        case .cut(let limit):
            let before = passed.withLock { passed in
                defer { passed += bytes.readableBytes }
                return passed
            }
            let rest = max(0, limit - before)
            guard bytes.readableBytes > rest else { return peer.writeAndFlush(bytes, promise: nil) }
            if let slice = bytes.readSlice(length: rest) { peer.writeAndFlush(slice, promise: nil) }
            peer.close(promise: nil)
            context.close(promise: nil)
        case .none, .blackHole, .reset: peer.writeAndFlush(bytes, promise: nil)
        }
    }

    func channelInactive(context: ChannelHandlerContext) {
        // A peer that is gone without a word does not close either.
        if proxy.passes(client) || context.channel === client { peer.close(promise: nil) }
        if context.channel === client { proxy.forget(client) }
    }

    func errorCaught(context: ChannelHandlerContext, error: any Error) { context.close(promise: nil) }
}
