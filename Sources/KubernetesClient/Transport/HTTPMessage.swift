package import FoundationEssentials
package import KubernetesModel
package import MonotonicTime

/// One request to the API server, independent of the transport that carries it.
package struct HTTPRequest: Sendable {
    package enum Method: String, Sendable {
        case get = "GET"
        case post = "POST"
        case put = "PUT"
        case patch = "PATCH"
        case delete = "DELETE"
    }

    package var method: Method
    /// Path and query below the server's URL, percent-encoded.
    package var path: String
    /// The value of `Authorization`.
    package var authorization: String?
    package var contentType: String?
    package var body: Data?
    /// The plural of the resource type, for metrics.
    package var resource = ""
    /// How long to wait for the whole answer; for a watch, for its head.
    package var timeout: Interval

    package init(
        _ method: Method, _ path: String, query: [(String, String)] = [], contentType: String? = nil,
        body: Data? = nil, timeout: Interval = .seconds(10)
    ) {
        self.method = method
        self.path = path + Self.encode(query)
        (self.contentType, self.body, self.timeout) = (contentType, body, timeout)
    }

    /// RFC 3986 §2.3: everything but unreserved characters is escaped.
    static func encode(_ query: [(String, String)]) -> String {
        guard !query.isEmpty else { return "" }
        return "?" + query.map { "\(escape($0.0))=\(escape($0.1))" }.joined(separator: "&")
    }

    static func escape(_ text: String) -> String {
        let digits = Array("0123456789ABCDEF".utf8)
        var bytes: [UInt8] = []
        for byte in text.utf8 {
            switch byte {
            case 48...57, 65...90, 97...122, 45, 46, 95, 126: bytes.append(byte)
            default: bytes += [37, digits[Int(byte >> 4)], digits[Int(byte & 15)]]
            }
        }
        return String(decoding: bytes, as: UTF8.self)
    }

    /// The headers that every transport sends.
    ///
    /// `identity`, because on a LAN inflating costs more than it saves, and both transports shall behave alike.
    var headers: [(name: String, value: String)] {
        var headers = [
            ("Accept", "application/json"), ("Accept-Encoding", "identity"), ("User-Agent", "herald"),
        ]
        if let authorization { headers.append(("Authorization", authorization)) }
        if let contentType { headers.append(("Content-Type", contentType)) }
        return headers
    }
}

/// A complete answer.
package struct HTTPResponse: Sendable {
    package var status: Int
    /// `Retry-After` in seconds.
    package var retryAfter: Int?
    /// `Date`: the API server's clock, in whole seconds.
    package var date: Timestamp?
    package var body: Data

    package init(status: Int, retryAfter: Int? = nil, date: Timestamp? = nil, body: Data) {
        (self.status, self.retryAfter, self.date, self.body) = (status, retryAfter, date, body)
    }

    /// RFC 9110 §5.6.7, the form that is sent today: `Sun, 06 Nov 1994 08:49:37 GMT`.
    static func date(_ text: String) -> Timestamp? {
        let parts = text.split(separator: " ")
        let months = ["Jan", "Feb", "Mar", "Apr", "May", "Jun", "Jul", "Aug", "Sep", "Oct", "Nov", "Dec"]
        guard parts.count == 6, parts[5] == "GMT", let month = months.firstIndex(of: String(parts[2])) else {
            return nil
        }
        return Timestamp("\(parts[3])-\(month < 9 ? "0" : "")\(month + 1)-\(parts[1])T\(parts[4])Z")
    }
}
