import Logging
import NIOCore
import NIOHTTP1
import NIOPosix
import ServiceLifecycle

// Plain channel handlers on one event loop, on purpose: an answer needs neither a task nor the cooperative threads, so
// `/healthz` can still tell the truth when those are stuck, and a shutdown with connections waiting can't trap.
extension Telemetry {
    /// A scraper, a probe and a person with curl need few; a connection beyond is closed at once.
    static let connectionLimit = 32

    /// Listens until the service is shut down; returns earlier if the kernel closes the socket.
    func serve(_ address: ListenAddress, logger: Logger) async throws {
        let gate = ConnectionGate(limit: Self.connectionLimit)
        let surface = TelemetrySurface(metrics: metrics, health: health, logLevel: logLevel)
        // The listening socket's own loop: whoever came before has been counted.
        let bootstrap = ServerBootstrap(group: MultiThreadedEventLoopGroup.singleton.next())
            .serverChannelOption(.backlog, value: 32)
            .serverChannelOption(.socketOption(.so_reuseaddr), value: 1)
            .childChannelOption(.maxMessagesPerRead, value: 1)
            .childChannelInitializer { channel in
                guard gate.enter() else { return channel.close() }
                channel.closeFuture.whenComplete { _ in gate.leave() }
                return channel.eventLoop.makeCompletedFuture {
                    let pipeline = channel.pipeline.syncOperations
                    try pipeline.addHandler(IdleStateHandler(allTimeout: .seconds(75)))
                    try pipeline.configureHTTPServerPipeline(withErrorHandling: true)
                    try pipeline.addHandler(TelemetryHandler(surface: surface))
                }
            }
        let channel = try await bind(bootstrap, to: address)
        let port = channel.localAddress?.port ?? address.port
        logger.debug("serving metrics and health", metadata: ["address": "\(address)", "port": "\(port)"])
        configuration.onListening(port)
        try await withTaskCancellationOrGracefulShutdownHandler {
            try await channel.closeFuture.get()
        } onCancelOrGracefulShutdown: {
            channel.close(promise: nil)
        }
    }

    /// "Every address" means every IPv4 address where the kernel has no IPv6.
    private func bind(_ bootstrap: ServerBootstrap, to address: ListenAddress) async throws -> any Channel {
        do {
            return try await bootstrap.bind(host: address.host, port: address.port).get()
        } catch  where address.host == "::" {
            return try await bootstrap.bind(host: "0.0.0.0", port: address.port).get()
        }
    }
}
