import Hummingbird
import KubernetesModel
import NIOCore
import ObjectStore

/// A request's context with its channel, so that a watch notices when its client goes.
struct APIContext: RequestContext {
    var coreContext: CoreRequestContextStorage
    let channel: any Channel

    init(source: ApplicationRequestContextSource) {
        coreContext = .init(source: source)
        channel = source.channel
    }
}

extension Response {
    /// Bytes of JSON.
    static func json(_ bytes: [UInt8], status: Int = 200) -> Response {
        Response(
            status: HTTPResponse.Status(code: status), headers: [.contentType: "application/json"],
            body: ResponseBody(byteBuffer: ByteBuffer(bytes: bytes)))
    }

    static func json(_ value: JSONValue, status: Int = 200) -> Response { json(value.jsonBytes, status: status) }

    static func failure(_ failure: APIFailure) -> Response {
        var response = json(failure.status, status: failure.code)
        if let seconds = failure.details?.retryAfterSeconds { response.headers[.retryAfter] = String(seconds) }
        if failure.code == 401 { response.headers[.wwwAuthenticate] = "Bearer" }
        return response
    }

    static func text(_ text: String, status: Int = 200) -> Response {
        Response(
            status: HTTPResponse.Status(code: status), headers: [.contentType: "text/plain; charset=utf-8"],
            body: ResponseBody(byteBuffer: ByteBuffer(string: text)))
    }
}
