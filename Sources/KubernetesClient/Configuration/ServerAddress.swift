/// The parts of `https://host:port/prefix`.
package struct ServerAddress: Sendable, Hashable, CustomStringConvertible {
    package var isTLS: Bool
    /// A name or an address, IPv6 without brackets.
    package var host: String
    package var port: Int
    /// Empty, or begins with a slash and ends without one.
    package var prefix: String

    package init(host: String, port: Int = 443, isTLS: Bool = true, prefix: String = "") {
        (self.host, self.port, self.isTLS, self.prefix) = (host, port, isTLS, prefix)
    }

    /// - Parameter defaultPort: when the URL has none; nil means its scheme's.
    package init(_ url: String, defaultPort: Int? = nil) throws(APIError) {
        func refusal() -> APIError {
            APIError(
                code: .configuration,
                message: "\"\(url.withoutCredentials)\" is no address of an API server; write it as https://host:port")
        }
        let text: Substring
        if url.hasPrefix("https://") {
            (isTLS, text) = (true, url.dropFirst(8))
        } else if url.hasPrefix("http://") {
            (isTLS, text) = (false, url.dropFirst(7))
        } else if !url.contains("://"), !url.isEmpty {
            (isTLS, text) = (true, url[...])
        } else {
            throw refusal()
        }
        let slash = text.firstIndex(of: "/") ?? text.endIndex
        var prefix = String(text[slash...])
        while prefix.hasSuffix("/") { prefix.removeLast() }
        self.prefix = prefix
        var authority = text[..<slash]
        guard !authority.contains("@"), !authority.contains("?"), !authority.contains("#") else { throw refusal() }
        var port: Substring?
        if authority.hasPrefix("[") {
            guard let bracket = authority.firstIndex(of: "]") else { throw refusal() }
            let rest = authority[authority.index(after: bracket)...]
            if rest.hasPrefix(":") { port = rest.dropFirst() } else if !rest.isEmpty { throw refusal() }
            authority = authority[authority.index(after: authority.startIndex)..<bracket]
        } else if let colon = authority.lastIndex(of: ":") {
            port = authority[authority.index(after: colon)...]
            authority = authority[..<colon]
        }
        guard !authority.isEmpty else { throw refusal() }
        host = String(authority)
        if let port {
            guard let number = Int(port), (1...65535).contains(number) else { throw refusal() }
            self.port = number
        } else {
            self.port = defaultPort ?? (isTLS ? 443 : 80)
        }
    }

    package var isIPv6Literal: Bool { host.contains(":") }

    /// The URL with `name` in place of the host when given.
    func url(host name: String? = nil) -> String {
        let name = name ?? (isIPv6Literal ? "[\(host)]" : host)
        return "\(isTLS ? "https" : "http")://\(name):\(port)\(prefix)"
    }

    package var description: String { url() }
}

extension String {
    /// A URL as it may be shown: neither user nor password, also where it is malformed.
    var withoutCredentials: String {
        guard let at = lastIndex(of: "@") else { return self }
        let start = self[..<at].firstRange(of: "://")?.upperBound ?? startIndex
        return "\(self[..<start])…\(self[at...])"
    }
}
