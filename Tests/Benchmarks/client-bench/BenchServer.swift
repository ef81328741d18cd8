import EmbeddedAPIServer
import Foundation
import KubernetesClient
import KubernetesModel
import MonotonicTime
import NIOCore
import NIOPosix

/// What the measurements talk to. Leaves `url`, `ca.crt`, `admin.token` and `burst` (a URL) in its directory, and does
/// what `command` in the directory says: `outage SECONDS`.
enum BenchServer {
    static func run(directory: String, count: Int) async throws {
        var configuration = APIServerConfiguration()
        configuration.dataDirectory = directory
        try await withEmbeddedAPIServer(configuration) { server in
            for index in 0..<count { try server.install(service("service-\(index)", pad: 1650)) }
            try service("beacon", pad: 10).write(server)
            let burst = try await EventSource.start()
            try "http://127.0.0.1:\(burst)".write(toFile: "\(directory)/burst", atomically: true, encoding: .utf8)
            try server.url.write(toFile: "\(directory)/url", atomically: true, encoding: .utf8)
            while true {
                try await Task.sleep(for: .milliseconds(100))
                let path = "\(directory)/command"
                guard let text = try? String(contentsOfFile: path, encoding: .utf8) else { continue }
                try FileManager.default.removeItem(atPath: path)
                let words = text.split(whereSeparator: \.isWhitespace)
                guard words.first == "outage", let seconds = words.last.flatMap({ Int($0) }) else { continue }
                await server.stop()
                try await Task.sleep(for: .seconds(seconds))
                try await server.start()
                // The change that a client must learn of, stamped with the time from which it could have.
                try service("beacon", pad: 10, stamp: MonotonicClock.now().nanoseconds).write(server)
            }
        }
    }

    static func service(_ name: String, pad: Int, stamp: Int64 = 0) -> JSONValue {
        [
            "apiVersion": "v1", "kind": "Service",
            "metadata": [
                "name": .string(name), "namespace": "default",
                "annotations": [
                    "pad": .string(String(repeating: "x", count: pad)), "stamp": .string("\(stamp)"),
                ],
            ],
            "spec": ["type": "LoadBalancer", "ports": [["port": 80, "name": "http"]]],
        ]
    }
}

extension JSONValue {
    fileprivate func write(_ server: EmbeddedAPIServer) throws { try server.install(self) }
}

/// A plain HTTP server whose list is empty and whose watch sends 5,000 events of 1.2 kB a second, each stamped.
enum EventSource {
    static let perSecond = 5000

    static func start() async throws -> Int {
        let channel = try await ServerBootstrap(group: MultiThreadedEventLoopGroup.singleton)
            .childChannelInitializer { channel in
                channel.eventLoop.makeCompletedFuture {
                    try channel.pipeline.syncOperations.addHandler(EventHandler())
                }
            }.bind(host: "127.0.0.1", port: 0).get()
        return channel.localAddress?.port ?? 0
    }
}

private final class EventHandler: ChannelInboundHandler {
    typealias InboundIn = ByteBuffer
    typealias OutboundOut = ByteBuffer
    private var head = ""
    private var version = 1
    private let pad = String(repeating: "x", count: 900)

    func channelRead(context: ChannelHandlerContext, data: NIOAny) {
        head += String(buffer: unwrapInboundIn(data))
        while let end = head.range(of: "\r\n\r\n") {
            let request = String(head[..<end.lowerBound])
            head = String(head[end.upperBound...])
            if request.contains("watch=true") { watch(context) } else { list(context) }
        }
    }

    private func list(_ context: ChannelHandlerContext) {
        let body = #"{"kind":"ServiceList","apiVersion":"v1","metadata":{"resourceVersion":"1"},"items":[]}"#
        write(
            context,
            "HTTP/1.1 200 OK\r\nContent-Type: application/json\r\nContent-Length: \(body.utf8.count)\r\n\r\n\(body)")
    }

    private func watch(_ context: ChannelHandlerContext) {
        write(context, "HTTP/1.1 200 OK\r\nContent-Type: application/json\r\nTransfer-Encoding: chunked\r\n\r\n")
        let context = NIOLoopBound(context, eventLoop: context.eventLoop)
        let handler = NIOLoopBound(self, eventLoop: context.value.eventLoop)
        let (start, first) = (MonotonicClock.now(), version)
        context.value.eventLoop.scheduleRepeatedTask(initialDelay: .zero, delay: .milliseconds(10)) { task in
            guard context.value.channel.isActive else { return task.cancel() }
            let due = first + Int((MonotonicClock.now() - start).seconds * Double(EventSource.perSecond))
            handler.value.send(context.value, count: max(0, due - handler.value.version))
        }
    }

    private func send(_ context: ChannelHandlerContext, count: Int) {
        guard count > 0 else { return }
        var lines = ""
        let stamp = MonotonicClock.now().nanoseconds
        for _ in 0..<count {
            version += 1
            lines +=
                #"{"type":"MODIFIED","object":{"apiVersion":"v1","kind":"Service","metadata":{"name":"s\#(version % 1000)","namespace":"default","resourceVersion":"\#(version)","annotations":{"pad":"\#(pad)","stamp":"\#(stamp)"}},"spec":{"type":"LoadBalancer","ports":[{"name":"http","protocol":"TCP","port":80}]}}}"#
                + "\n"
        }
        write(context, "\(String(lines.utf8.count, radix: 16))\r\n\(lines)\r\n")
    }

    private func write(_ context: ChannelHandlerContext, _ text: String) {
        context.writeAndFlush(wrapOutboundOut(ByteBuffer(string: text)), promise: nil)
    }

    func errorCaught(context: ChannelHandlerContext, error: any Error) { context.close(promise: nil) }
}
