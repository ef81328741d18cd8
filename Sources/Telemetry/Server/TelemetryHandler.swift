import NIOCore
import NIOHTTP1

/// One connection of the telemetry service: collects a request, writes the answer.
final class TelemetryHandler: ChannelInboundHandler {
    typealias InboundIn = HTTPServerRequestPart
    typealias OutboundOut = HTTPServerResponsePart

    private let surface: TelemetrySurface
    private var head: HTTPRequestHead?
    private var body: String? = ""

    init(surface: TelemetrySurface) { self.surface = surface }

    func channelRead(context: ChannelHandlerContext, data: NIOAny) {
        switch unwrapInboundIn(data) {
        case .head(let head):
            (self.head, body) = (head, "")
        case .body(let part):
            if let soFar = body {
                let isShort = soFar.utf8.count + part.readableBytes <= TelemetrySurface.bodyLimit
                body = isShort ? soFar + String(buffer: part) : nil
            }
        case .end:
            guard let head else { return }
            self.head = nil
            answer(head, context: context)
        }
    }

    func userInboundEventTriggered(context: ChannelHandlerContext, event: Any) {
        // The peer was silent for too long.
        if event is IdleStateHandler.IdleStateEvent { context.close(promise: nil) }
    }

    func errorCaught(context: ChannelHandlerContext, error: any Error) {
        context.close(promise: nil)
    }

    private func answer(_ head: HTTPRequestHead, context: ChannelHandlerContext) {
        let answer = surface.answer(
            method: head.method.rawValue, path: head.uri.prefix { $0 != "?" }, body: body,
            isLocal: context.remoteAddress?.isLoopback ?? false)
        let buffer = context.channel.allocator.buffer(string: answer.text)
        let headers: HTTPHeaders = [
            "content-type": answer.type, "content-length": "\(buffer.readableBytes)", "cache-control": "no-store",
            "connection": head.isKeepAlive ? "keep-alive" : "close",
        ]
        let response = HTTPResponseHead(
            version: .http1_1, status: HTTPResponseStatus(statusCode: answer.status), headers: headers)
        context.write(wrapOutboundOut(.head(response)), promise: nil)
        if head.method != .HEAD { context.write(wrapOutboundOut(.body(.byteBuffer(buffer))), promise: nil) }
        let written = context.writeAndFlush(wrapOutboundOut(.end(nil)))
        if !head.isKeepAlive {
            written.assumeIsolated().whenComplete { _ in context.close(promise: nil) }
        }
    }
}

extension SocketAddress {
    fileprivate var isLoopback: Bool {
        guard let text = ipAddress else { return false }
        return text == "::1" || text.hasPrefix("127.") || text.hasPrefix("::ffff:127.")
    }
}
