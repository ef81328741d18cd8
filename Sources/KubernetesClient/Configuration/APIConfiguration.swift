/// Where the API server is, whom to trust, and how to prove who we are.
package struct APIConfiguration: Sendable, Hashable {
    package var server: ServerAddress
    package var trust: Trust
    package var credentials: Credentials
    package var clientCertificate: ClientCertificate?
    /// The name that the server's certificate must carry instead of the host.
    package var tlsServerName: String?
    /// `http://host:port` or `socks5://host:port`.
    package var proxy: String?
    /// The namespace that the context or the service account names.
    package var namespace: String?
    /// Where all this was read, for messages.
    package var origin: String
    /// Sentences that an operator must see.
    package var warnings: [String] = []

    /// Which certificate authorities may sign the server's certificate.
    package enum Trust: Sendable, Hashable {
        /// The system's bundle.
        case system
        /// A PEM file, read again when it changes.
        case file(String)
        /// PEM text.
        case pem(String)
        /// Nobody is checked. Only a kubeconfig can ask for it.
        case insecure
    }

    package enum Credentials: Sendable, Hashable {
        case none
        case token(String)
        /// Read again when it changes, and after a 401.
        case tokenFile(String)
    }

    /// PEM text, or the path of a PEM file.
    package enum PEM: Sendable, Hashable {
        case text(String)
        case file(String)
    }

    package struct ClientCertificate: Sendable, Hashable {
        package var chain: PEM
        package var key: PEM

        package init(chain: PEM, key: PEM) { (self.chain, self.key) = (chain, key) }
    }

    package init(
        server: ServerAddress, trust: Trust = .system, credentials: Credentials = .none,
        clientCertificate: ClientCertificate? = nil, tlsServerName: String? = nil, proxy: String? = nil,
        namespace: String? = nil, origin: String = "direct"
    ) {
        (self.server, self.trust, self.credentials) = (server, trust, credentials)
        (self.clientCertificate, self.tlsServerName) = (clientCertificate, tlsServerName)
        (self.proxy, self.namespace, self.origin) = (proxy, namespace, origin)
    }

    /// A server given directly, as tests and the lab do.
    ///
    /// - Throws: ``APIError`` when `url` is no http or https URL.
    package init(
        url: String, certificateAuthority: String? = nil, token: String? = nil, namespace: String? = nil
    ) throws(APIError) {
        self.init(
            server: try ServerAddress(url), trust: certificateAuthority.map(Trust.pem) ?? .system,
            credentials: token.map(Credentials.token) ?? .none, namespace: namespace)
    }
}

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

    package init(_ url: String) throws(APIError) {
        func refusal() -> APIError {
            APIError(
                code: .configuration,
                message: "\"\(url)\" is no address of an API server; write it as https://host:port")
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
            self.port = isTLS ? 443 : 80
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
