import ArgumentParser
import Foundation
import NIOCore
import NIOPosix
import Synchronization

/// The Service's pods, as far as a client can tell: says the node's name to whoever speaks HTTP, and echoes the rest.
struct Backend: AsyncParsableCommand {
    @Argument var name: String

    func run() async throws {
        let name = name
        let channel = try await ServerBootstrap(group: MultiThreadedEventLoopGroup.singleton)
            .serverChannelOption(.socketOption(.so_reuseaddr), value: 1)
            .childChannelInitializer { channel in
                channel.eventLoop.makeCompletedFuture {
                    try channel.pipeline.syncOperations.addHandler(Echo(name: name))
                }
            }
            .bind(host: "::", port: 80).get()
        try await channel.closeFuture.get()
    }

    private final class Echo: ChannelInboundHandler {
        typealias InboundIn = ByteBuffer
        typealias OutboundOut = ByteBuffer
        let name: String

        init(name: String) { self.name = name }

        func channelRead(context: ChannelHandlerContext, data: NIOAny) {
            let bytes = unwrapInboundIn(data)
            guard bytes.readableBytesView.starts(with: "GET ".utf8) else {
                return context.writeAndFlush(wrapOutboundOut(bytes), promise: nil)
            }
            let answer =
                "HTTP/1.1 200 OK\r\nContent-Length: \(name.utf8.count + 1)\r\nConnection: close\r\n\r\n\(name)\n"
            context.writeAndFlush(wrapOutboundOut(ByteBuffer(string: answer)), promise: nil)
            context.close(promise: nil)
        }
    }
}

/// One long TCP connection through a load balancer IP: a byte every 10 ms, each of which must come back. Ends with
/// standard input, and says `broken STALL` or `whole STALL`: the longest silence in seconds.
struct Stream: AsyncParsableCommand {
    @Argument var address: String

    private enum End: Sendable {
        case asked
        case broken
        case stalled(Duration)
    }

    func run() async throws {
        let channel = try await ClientBootstrap(group: MultiThreadedEventLoopGroup.singleton)
            .connectTimeout(.seconds(5))
            .connect(host: address, port: 80) { channel in
                channel.eventLoop.makeCompletedFuture {
                    try NIOAsyncChannel<ByteBuffer, ByteBuffer>(wrappingChannelSynchronously: channel)
                }
            }
        let (ends, ending) = AsyncStream<Void>.makeStream()
        Thread.detachNewThread {
            while let data = try? FileHandle.standardInput.read(upToCount: 1), !data.isEmpty {}
            ending.finish()
        }
        var (isBroken, stall) = (false, Duration.zero)
        await withTaskGroup(of: End.self) { group in
            group.addTask {
                for await _ in ends {}
                return .asked
            }
            group.addTask { await Self.exchange(channel) }
            // Whoever is first says how it ended; the exchange tells its longest silence when it is cancelled.
            for await end in group {
                switch end {
                case .asked: group.cancelAll()
                case .broken: isBroken = true
                case .stalled(let longest): stall = longest
                }
                group.cancelAll()
            }
        }
        print("\(isBroken || stall > .seconds(2) ? "broken" : "whole") \(stall / .seconds(1))")
    }

    /// When the last answer came, and the longest silence before it.
    private struct Progress: Sendable {
        var last = ContinuousClock.now
        var stall = Duration.zero

        mutating func answered() {
            let now = ContinuousClock.now
            (stall, last) = (max(stall, now - last), now)
        }
    }

    private static func exchange(_ channel: NIOAsyncChannel<ByteBuffer, ByteBuffer>) async -> End {
        let progress = Mutex(Progress())
        // How it ends is told by who asked: an error of ours is the cancellation, one of the peer's a broken connection.
        try? await channel.executeThenClose { inbound, outbound in
            try await withThrowingTaskGroup(of: Void.self) { writers in
                writers.addTask {
                    while true {
                        try await outbound.write(ByteBuffer(bytes: [46]))
                        try await Task.sleep(for: .milliseconds(10))
                    }
                }
                defer { writers.cancelAll() }
                for try await _ in inbound { progress.withLock { $0.answered() } }
            }
        }
        guard Task.isCancelled else { return .broken }
        return .stalled(progress.withLock { max($0.stall, ContinuousClock.now - $0.last) })
    }
}
