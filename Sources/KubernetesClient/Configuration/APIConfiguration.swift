/// Where the API server is, whom to trust, and how to prove who we are.
package struct APIConfiguration: Sendable, Hashable {
    package var server: ServerAddress
    package var trust: Trust
    package var credentials: Credentials
    package var clientCertificate: ClientCertificate?
    /// The name that the server's certificate must carry instead of the host.
    package var tlsServerName: String?
    package var proxy: ProxyAddress?
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
        clientCertificate: ClientCertificate? = nil, tlsServerName: String? = nil, proxy: ProxyAddress? = nil,
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
