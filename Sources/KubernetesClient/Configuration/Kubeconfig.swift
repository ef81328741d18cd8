import FoundationEssentials
import Yams

/// One or more kubeconfig files, merged as kubectl merges them: the first file that names a thing wins.
package struct Kubeconfig: Sendable {
    /// Which context is used when none is named.
    package private(set) var currentContext: String?
    package private(set) var contexts: [String: Context] = [:]
    private var clusters: [String: Cluster] = [:]
    private var users: [String: User] = [:]
    private let origin: String

    package struct Context: Sendable, Hashable {
        package var cluster: String
        package var user: String
        package var namespace: String?
    }
    /// Paths inside a kubeconfig are relative to its own folder.
    private struct Cluster: Sendable {
        var value: KubeconfigFile.Cluster
        var folder: String
    }
    private struct User: Sendable {
        var value: KubeconfigFile.User
        var folder: String
    }

    /// The files that kubectl would read: `path`, else the list in `KUBECONFIG`, else `~/.kube/config`.
    package static func paths(path: String?, environment: [String: String]) -> [String] {
        if let path { return [path] }
        if let list = environment["KUBECONFIG"], !list.isEmpty {
            return list.split(separator: ":").map(String.init)
        }
        return ["\(environment["HOME"] ?? "")/.kube/config"]
    }

    /// Reads the files. With several, those that do not exist are passed over, as kubectl does.
    package init(paths: [String]) throws(APIError) {
        origin = paths.joined(separator: ":")
        var found = false
        for path in paths {
            guard FileManager.default.fileExists(atPath: path) else { continue }
            let text: String
            do { text = try String(contentsOfFile: path, encoding: .utf8) } catch {
                throw APIError(
                    code: .configuration,
                    message: "the kubeconfig \(path) cannot be read: \(Self.reason(error)); name another with "
                        + "--kubeconfig or KUBECONFIG")
            }
            found = true
            try merge(text, folder: Self.folder(of: path), name: path)
        }
        guard found else {
            throw APIError(
                code: .configuration,
                message: "no kubeconfig at \(origin): name one with --kubeconfig or KUBECONFIG")
        }
    }

    /// Reads one kubeconfig from text.
    package init(text: String, folder: String = ".") throws(APIError) {
        origin = "text"
        try merge(text, folder: folder, name: "the kubeconfig")
    }

    private mutating func merge(_ text: String, folder: String, name: String) throws(APIError) {
        let file: KubeconfigFile
        do { file = try YAMLDecoder().decode(KubeconfigFile.self, from: text) } catch {
            throw APIError(
                code: .configuration,
                message: "\(name) is no kubeconfig: \(YAMLProblem(error)); mend it, or name another")
        }
        if currentContext == nil, let current = file.currentContext, !current.isEmpty { currentContext = current }
        for entry in file.contexts ?? [] where contexts[entry.name] == nil {
            contexts[entry.name] = Context(
                cluster: entry.context.cluster ?? "", user: entry.context.user ?? "",
                namespace: entry.context.namespace)
        }
        for entry in file.clusters ?? [] where clusters[entry.name] == nil {
            clusters[entry.name] = Cluster(value: entry.cluster, folder: folder)
        }
        for entry in file.users ?? [] where users[entry.name] == nil {
            guard let user = entry.user else { continue }
            users[entry.name] = User(value: user, folder: folder)
        }
    }

    /// The configuration that one context stands for.
    ///
    /// - Throws: ``APIError`` that names the context and says what to change.
    package func configuration(context name: String? = nil) throws(APIError) -> APIConfiguration {
        guard let name = name ?? currentContext else {
            throw refusal("has no current-context: choose one with --context (\(known))")
        }
        guard let context = contexts[name] else { throw refusal("has no context \"\(name)\" (\(known))") }
        guard let cluster = clusters[context.cluster], let server = cluster.value.server else {
            throw refusal("has no cluster \"\(context.cluster)\" with a server, which context \"\(name)\" names")
        }
        var configuration = APIConfiguration(
            server: try ServerAddress(server), tlsServerName: cluster.value.tlsServerName,
            namespace: context.namespace, origin: "context \(name) of \(origin)")
        if let proxy = cluster.value.proxyURL, !proxy.isEmpty { configuration.proxy = try ProxyAddress(proxy) }
        try apply(cluster, to: &configuration)
        guard !context.user.isEmpty else { return configuration }
        guard let user = users[context.user] else {
            throw refusal("has no user \"\(context.user)\", which context \"\(name)\" names")
        }
        try apply(user, named: context.user, to: &configuration)
        return configuration
    }

    private func apply(_ cluster: Cluster, to configuration: inout APIConfiguration) throws(APIError) {
        if cluster.value.insecureSkipTLSVerify == true {
            guard cluster.value.certificateAuthority == nil, cluster.value.certificateAuthorityData == nil else {
                throw refusal("sets both a certificate-authority and insecure-skip-tls-verify: remove one")
            }
            configuration.trust = .insecure
            configuration.warnings.append(
                "INSECURE: insecure-skip-tls-verify is set, so anybody on the path can read the token and act as you; "
                    + "set certificate-authority-data instead")
        } else if let data = cluster.value.certificateAuthorityData {
            configuration.trust = .pem(try decode(data, field: "certificate-authority-data"))
        } else if let path = cluster.value.certificateAuthority {
            configuration.trust = .file(Self.resolve(path, in: cluster.folder))
        }
    }

    private func apply(_ user: User, named name: String, to configuration: inout APIConfiguration) throws(APIError) {
        let value = user.value
        if let exec = value.exec {
            throw refusal(
                "makes user \"\(name)\" log in with the program \"\(exec.command ?? "?")\", which Herald never runs: "
                    + "create a service account and put its token into the kubeconfig "
                    + "(kubectl create token NAME --duration=8760h), or use a client certificate")
        }
        if let provider = value.authProvider {
            throw refusal(
                "makes user \"\(name)\" log in with the auth-provider \"\(provider.name ?? "?")\", which Kubernetes "
                    + "removed: use a token or a client certificate")
        }
        if value.username != nil {
            throw refusal(
                "gives user \"\(name)\" a password, which Kubernetes 1.19 removed: use a token or a client certificate")
        }
        if let path = value.tokenFile {
            configuration.credentials = .tokenFile(Self.resolve(path, in: user.folder))
        } else if let token = value.token {
            configuration.credentials = .token(token)
        }
        let chain = try pem(value.clientCertificateData, value.clientCertificate, user.folder, "client-certificate")
        let key = try pem(value.clientKeyData, value.clientKey, user.folder, "client-key")
        switch (chain, key) {
        case (let chain?, let key?):
            configuration.clientCertificate = APIConfiguration.ClientCertificate(chain: chain, key: key)
        case (nil, nil): break
        default: throw refusal("gives user \"\(name)\" only one of client-certificate and client-key: it needs both")
        }
    }

    private func pem(
        _ data: String?, _ path: String?, _ folder: String, _ field: String
    ) throws(APIError) -> APIConfiguration.PEM? {
        if let data { return .text(try decode(data, field: "\(field)-data")) }
        return path.map { .file(Self.resolve($0, in: folder)) }
    }

    private func decode(_ base64: String, field: String) throws(APIError) -> String {
        guard let data = Data(base64Encoded: base64, options: .ignoreUnknownCharacters) else {
            throw refusal("has a \(field) that is not base64")
        }
        return String(decoding: data, as: UTF8.self)
    }

    private func refusal(_ text: String) -> APIError {
        APIError(code: .configuration, message: "the kubeconfig (\(origin)) \(text)")
    }

    private var known: String {
        contexts.isEmpty ? "it has none" : "it has " + contexts.keys.sorted().joined(separator: ", ")
    }

    private static func folder(of path: String) -> String {
        guard let slash = path.lastIndex(of: "/") else { return "." }
        return slash == path.startIndex ? "/" : String(path[..<slash])
    }

    private static func reason(_ error: any Error) -> String {
        switch (error as? CocoaError)?.code {
        case .fileReadNoPermission: "you may not"
        case .fileReadInapplicableStringEncoding, .fileReadCorruptFile: "it is no text in UTF-8"
        default: "it is no file, or it is damaged"
        }
    }

    private static func resolve(_ path: String, in folder: String) -> String {
        path.hasPrefix("/") ? path : "\(folder)/\(path)"
    }
}

extension APIConfiguration {
    /// A context of the user's kubeconfig.
    ///
    /// - Parameters:
    ///   - path: one file; without it the list in `KUBECONFIG`, else `~/.kube/config`.
    ///   - context: its current context when nil.
    package static func kubeconfig(
        path: String? = nil, context: String? = nil,
        environment: [String: String] = ProcessInfo.processInfo.environment
    ) throws(APIError) -> APIConfiguration {
        try Kubeconfig(paths: Kubeconfig.paths(path: path, environment: environment)).configuration(context: context)
    }
}
