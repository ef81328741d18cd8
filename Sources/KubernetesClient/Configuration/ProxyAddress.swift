import Foundation

/// The `proxy-url` of a kubeconfig: `http://[user:password@]host:port` or `socks5://host:port`.
package struct ProxyAddress: Sendable, Hashable, CustomStringConvertible {
    package enum Kind: Sendable, Hashable {
        /// The method CONNECT, with basic authorization when the proxy wants a user.
        case http(Credentials?)
        case socks5
    }

    package struct Credentials: Sendable, Hashable {
        package var user: String
        package var password: String

        package init(user: String, password: String) { (self.user, self.password) = (user, password) }
    }

    package var kind: Kind
    package var host: String
    package var port: Int

    /// - Throws: ``APIError`` that says what to write instead, and never shows a user or a password.
    package init(_ url: String) throws(APIError) {
        func refusal(_ advice: String) -> APIError {
            APIError(code: .configuration, message: "the proxy-url \"\(url.withoutCredentials)\" \(advice)")
        }
        let form = "is neither http://[user:password@]host:port nor socks5://host:port"
        guard let separator = url.firstRange(of: "://") else { throw refusal(form) }
        let scheme = url[..<separator.lowerBound]
        var authority = url[separator.upperBound...]
        var credentials: Credentials?
        if let at = authority.lastIndex(of: "@") {
            credentials = Credentials(userinfo: authority[..<at])
            guard credentials != nil else { throw refusal("has a user or a password that is not percent-encoded") }
            authority = authority[authority.index(after: at)...]
        }
        switch scheme {
        case "http": kind = .http(credentials)
        case "socks5", "socks5h":
            guard credentials == nil else {
                throw refusal("asks for a user at a SOCKS proxy, which Herald cannot do: use an http:// proxy")
            }
            kind = .socks5
        case "https":
            throw refusal("asks for TLS to the proxy itself, which Herald cannot do: use http:// or socks5://")
        default: throw refusal(form)
        }
        let usual = kind == .socks5 ? 1080 : 80
        guard let address = try? ServerAddress("http://\(authority)", defaultPort: usual), address.prefix.isEmpty else {
            throw refusal(form)
        }
        (host, port) = (address.host, address.port)
    }

    /// Without user and password: for logs.
    package var description: String {
        "\(kind == .socks5 ? "socks5" : "http")://\(host.contains(":") ? "[\(host)]" : host):\(port)"
    }
}

extension ProxyAddress.Credentials {
    /// RFC 3986 §3.2.1: the password begins behind the first colon.
    fileprivate init?(userinfo: Substring) {
        let parts = userinfo.split(separator: ":", maxSplits: 1, omittingEmptySubsequences: false)
        guard let user = parts.first.flatMap({ String($0).removingPercentEncoding }),
            let password = (parts.dropFirst().first.map(String.init) ?? "").removingPercentEncoding
        else { return nil }
        self.init(user: user, password: password)
    }
}
