import HummingbirdCore
import Logging
import NIOCore
import NIOHTTPTypes

/// A channel that waits to be served.
struct Door: Sendable {
    typealias Opened = NIOAsyncChannel<HTTPRequestPart, HTTPResponsePart>

    private let keeper: NIOLoopBound<Doorkeeper>

    /// Puts a doorkeeper at the end of the pipeline of `channel`; on its event loop only.
    init(_ channel: any Channel, _ logger: Logger) throws {
        let doorkeeper = Doorkeeper()
        try channel.pipeline.syncOperations.addHandler(HTTPConnectionStateHandler(logger: logger))
        try channel.pipeline.syncOperations.addHandler(doorkeeper)
        keeper = NIOLoopBound(doorkeeper, eventLoop: channel.eventLoop)
    }

    /// Wraps the channel. The caller must use what it gets, at once.
    ///
    /// - Throws: when the channel is closed already.
    func open() async throws -> Opened {
        try await keeper.eventLoop.submit { try keeper.value.open() }.get()
    }
}

/// Keeps what a client sends until somebody serves it, and reads no more meanwhile.
final class Doorkeeper: ChannelDuplexHandler, RemovableChannelHandler {
    typealias InboundIn = HTTPRequestPart
    typealias InboundOut = HTTPRequestPart
    typealias OutboundIn = HTTPResponsePart
    typealias OutboundOut = HTTPResponsePart

    private var context: ChannelHandlerContext?
    private var parts: [HTTPRequestPart] = []
    private var isInputClosed = false
    private var owesRead = false

    func handlerAdded(context: ChannelHandlerContext) { self.context = context }
    func handlerRemoved(context: ChannelHandlerContext) { self.context = nil }

    func channelRead(context: ChannelHandlerContext, data: NIOAny) { parts.append(unwrapInboundIn(data)) }
    func channelReadComplete(context: ChannelHandlerContext) {}

    func read(context: ChannelHandlerContext) {
        if parts.isEmpty { context.read() } else { owesRead = true }
    }

    func userInboundEventTriggered(context: ChannelHandlerContext, event: Any) {
        if let event = event as? ChannelEvent, event == .inputClosed {
            isInputClosed = true
        } else {
            context.fireUserInboundEventTriggered(event)
        }
    }

    func errorCaught(context: ChannelHandlerContext, error: any Error) { context.close(promise: nil) }

    fileprivate func open() throws -> Door.Opened {
        guard let context else { throw ChannelError.ioOnClosedChannel }
        let opened = try Door.Opened(
            wrappingChannelSynchronously: context.channel,
            configuration: .init(isOutboundHalfClosureEnabled: context.channel.parent?.parent == nil))
        for part in parts { context.fireChannelRead(wrapInboundOut(part)) }
        if !parts.isEmpty { context.fireChannelReadComplete() }
        if isInputClosed { context.fireUserInboundEventTriggered(ChannelEvent.inputClosed) }
        // A read may deliver more at once, which must not be kept.
        context.pipeline.syncOperations.removeHandler(context: context, promise: nil)
        if owesRead { opened.channel.read() }
        return opened
    }
}
