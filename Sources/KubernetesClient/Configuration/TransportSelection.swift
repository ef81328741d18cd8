import FoundationEssentials

/// Which transport carries the requests, and why.
package struct TransportSelection: Sendable, Hashable {
    package enum Kind: String, Sendable, CaseIterable {
        case urlSession = "urlsession"
        case asyncHTTPClient = "async-http-client"
    }

    package let kind: Kind
    /// A clause that ends the sentence "using … because …".
    package let reason: String

    /// Where libcurl looks for certificate authorities; the container image links it to the service account's.
    package static let systemBundle = "/etc/ssl/certs/ca-certificates.crt"

    /// Chooses URLSession where it can work, else async-http-client.
    ///
    /// - Parameters:
    ///   - preference: what `--transport` says; a preference that cannot work is refused, not ignored.
    ///   - environment: libcurl obeys its proxy variables, so URLSession cannot be used when they are set.
    package init(
        for configuration: APIConfiguration, preference: Kind? = nil,
        environment: [String: String] = ProcessInfo.processInfo.environment,
        bundle: String = TransportSelection.systemBundle
    ) throws(APIError) {
        let obstacle = Self.obstacle(configuration, environment, bundle)
        switch (preference, obstacle) {
        case (.asyncHTTPClient?, _): (kind, reason) = (.asyncHTTPClient, "it was asked for")
        case (.urlSession?, nil): (kind, reason) = (.urlSession, "it was asked for")
        case (.urlSession?, let obstacle?):
            throw APIError(
                code: .configuration,
                message: "--transport urlsession cannot be used: \(obstacle); use --transport async-http-client")
        case (nil, nil): (kind, reason) = (.urlSession, "the system bundle holds the cluster's certificate authority")
        case (nil, let obstacle?): (kind, reason) = (.asyncHTTPClient, obstacle)
        }
    }

    /// What URLSession on Linux cannot do (Swift 6.3), if the configuration needs it.
    private static func obstacle(
        _ configuration: APIConfiguration, _ environment: [String: String], _ bundle: String
    ) -> String? {
        if configuration.clientCertificate != nil { return "URLSession on Linux cannot present a client certificate" }
        if configuration.server.isIPv6Literal { return "URLSession on Linux refuses IPv6 addresses as hosts" }
        if configuration.tlsServerName != nil { return "URLSession cannot check another name than the host's" }
        if configuration.proxy != nil { return "URLSession on Linux cannot be told a proxy" }
        for name in ["https_proxy", "HTTPS_PROXY", "all_proxy", "ALL_PROXY"] where environment[name]?.isEmpty == false {
            return "URLSession on Linux would obey \(name), which shall not stand between a pod and its API server"
        }
        switch configuration.trust {
        case .system: return nil
        case .insecure: return "URLSession on Linux cannot skip the check of the certificate"
        case .pem: return "URLSession on Linux trusts the system bundle only, and another authority is given"
        case .file(let path):
            if sameFile(path, bundle) { return nil }
            return "URLSession on Linux trusts the system bundle only, and \(bundle) is not \(path)"
        }
    }

    /// The same file, or the same bytes: a link, a bind mount or a copy will all do.
    private static func sameFile(_ path: String, _ bundle: String) -> Bool {
        let files = FileManager.default
        guard let authority = files.contents(atPath: path), let trusted = files.contents(atPath: bundle) else {
            return false
        }
        return authority == trusted
    }
}
