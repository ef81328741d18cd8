import Foundation
import KubernetesClient
import Testing

@Suite("API server addresses")
struct ServerAddressTests {
    @Test(
        "URLs of API servers are taken apart",
        arguments: [
            ("https://10.0.0.1:6443", "10.0.0.1", 6443, "", "https://10.0.0.1:6443"),
            ("https://kubernetes", "kubernetes", 443, "", "https://kubernetes:443"),
            ("https://[fd00::1]:6443", "fd00::1", 6443, "", "https://[fd00::1]:6443"),
            ("https://[fd00::1]", "fd00::1", 443, "", "https://[fd00::1]:443"),
            ("http://localhost:8080/", "localhost", 8080, "", "http://localhost:8080"),
            (
                "https://rancher/k8s/clusters/c-1/", "rancher", 443, "/k8s/clusters/c-1",
                "https://rancher:443/k8s/clusters/c-1"
            ),
            ("node1:6443", "node1", 6443, "", "https://node1:6443"),
        ])
    func parses(text: String, host: String, port: Int, prefix: String, url: String) throws {
        let server = try ServerAddress(text)
        #expect(server.host == host && server.port == port && server.prefix == prefix)
        #expect(server.description == url)
    }

    @Test(
        "what is no URL of an API server is refused with advice",
        arguments: ["", "ftp://x", "https://", "https://host:0", "https://host:65536", "https://[::1", "https://u@h"])
    func refuses(text: String) {
        let error = #expect(throws: APIError.self) { try ServerAddress(text) }
        #expect(error?.message.contains("https://host:port") == true)
    }
}

@Suite("Proxies")
struct ProxyAddressTests {
    typealias Credentials = ProxyAddress.Credentials

    @Test(
        "what kubectl takes is taken, and neither user nor password is shown",
        arguments: [
            ("http://p:3128", .http(nil), 3128, "http://p:3128"),
            ("http://p", .http(nil), 80, "http://p:80"),
            ("http://u:pw@p:3128", .http(Credentials(user: "u", password: "pw")), 3128, "http://p:3128"),
            ("http://u@p:3128", .http(Credentials(user: "u", password: "")), 3128, "http://p:3128"),
            ("http://u:p%40%3Aw@p:1", .http(Credentials(user: "u", password: "p@:w")), 1, "http://p:1"),
            ("socks5://p", .socks5, 1080, "socks5://p:1080"),
            ("socks5h://[fd00::80]:80/", .socks5, 80, "socks5://[fd00::80]:80"),
        ] as [(String, ProxyAddress.Kind, Int, String)])
    func parses(text: String, kind: ProxyAddress.Kind, port: Int, shown: String) throws {
        let proxy = try ProxyAddress(text)
        #expect(proxy.kind == kind && proxy.port == port && "\(proxy)" == shown)
    }

    @Test(
        "what cannot be done is refused when the configuration is read, with advice and without the password",
        arguments: [
            ("https://user:s3cret@p:1", "use http://"), ("socks5://user:s3cret@p:1", "use an http:// proxy"),
            ("user:s3cret@p:1", "socks5://host:port"), ("ftp://user:s3cret@p", "socks5://host:port"),
            ("http://user:s3cret@p:0", "socks5://host:port"), ("http://user:s3cret%zz@p:1", "percent-encoded"),
            ("http://user:s3cret@p:1/path", "socks5://host:port"),
        ])
    func refuses(text: String, advice: String) {
        let kubeconfig = KubeconfigTests.text(user: "token: x", cluster: "server: 'https://a:1', proxy-url: '\(text)'")
        let error = #expect(throws: APIError.self) { try Kubeconfig(text: kubeconfig).configuration() }
        #expect(error?.message.contains(advice) == true, "\(error?.message ?? "")")
        #expect(error?.message.contains("s3cret") == false && error?.message.contains("user:s") == false)
    }

    @Test(
        "a server's address never shows a user or a password",
        arguments: ["https://user:s3cret@h:1", "user:s3cret@h", "https://user:s3/cret@h:1", "ftp://user:s3cret@h"])
    func server(text: String) {
        let error = #expect(throws: APIError.self) { try ServerAddress(text) }
        #expect(error?.message.contains("@h") == true && error?.message.contains("s3") == false)
    }
}

@Suite("Kubeconfig")
struct KubeconfigTests {
    static func text(user: String, cluster: String = "server: https://10.0.0.1:6443") -> String {
        """
        apiVersion: v1
        kind: Config
        current-context: one
        contexts:
        - {name: one, context: {cluster: c, user: u, namespace: blue}}
        clusters:
        - name: c
          cluster: {\(cluster)}
        users:
        - name: u
          user: {\(user)}
        """
    }

    @Test("token, namespace and the authority's data are taken from the current context")
    func token() throws {
        let authority = Data("PEM".utf8).base64EncodedString()
        let text = Self.text(
            user: "token: secret", cluster: "server: 'https://a:1', certificate-authority-data: \(authority)")
        let configuration = try Kubeconfig(text: text).configuration()
        #expect(configuration.credentials == .token("secret"))
        #expect(configuration.trust == .pem("PEM"))
        #expect(configuration.namespace == "blue")
        #expect(configuration.server.description == "https://a:1")
        #expect(configuration.warnings.isEmpty)
    }

    @Test("paths are relative to the kubeconfig's own folder")
    func paths() throws {
        let text = Self.text(
            user: "tokenFile: t, client-certificate: c.crt, client-key: /k.key",
            cluster: "server: 'https://a:1', certificate-authority: pki/ca.crt")
        let configuration = try Kubeconfig(text: text, folder: "/etc/herald").configuration()
        #expect(configuration.trust == .file("/etc/herald/pki/ca.crt"))
        #expect(configuration.credentials == .tokenFile("/etc/herald/t"))
        #expect(configuration.clientCertificate?.chain == .file("/etc/herald/c.crt"))
        #expect(configuration.clientCertificate?.key == .file("/k.key"))
    }

    @Test("insecure-skip-tls-verify is obeyed with a loud warning")
    func insecure() throws {
        let text = Self.text(user: "token: x", cluster: "server: 'https://a:1', insecure-skip-tls-verify: true")
        let configuration = try Kubeconfig(text: text).configuration()
        #expect(configuration.trust == .insecure)
        #expect(configuration.warnings.count == 1)
        #expect(configuration.warnings.first?.hasPrefix("INSECURE") == true)
    }

    @Test("proxy-url and tls-server-name are taken over")
    func proxy() throws {
        let text = Self.text(
            user: "token: x", cluster: "server: 'https://a:1', proxy-url: 'http://p:3128', tls-server-name: kubernetes")
        let configuration = try Kubeconfig(text: text).configuration()
        #expect(configuration.proxy?.description == "http://p:3128")
        #expect(configuration.tlsServerName == "kubernetes")
    }

    @Test(
        "what Herald does not do is refused with a sentence that says what to do instead",
        arguments: [
            ("exec: {command: aws-iam-authenticator}", "kubectl create token"),
            ("auth-provider: {name: gcp}", "use a token or a client certificate"),
            ("username: admin, password: x", "use a token or a client certificate"),
            ("client-certificate: a.crt", "it needs both"),
            ("client-certificate-data: '???', client-key-data: AA==", "not base64"),
        ])
    func refusals(user: String, advice: String) {
        let error = #expect(throws: APIError.self) { try Kubeconfig(text: Self.text(user: user)).configuration() }
        #expect(error?.message.contains(advice) == true, "\(String(describing: error))")
    }

    @Test("an unknown context names the known ones")
    func unknownContext() {
        let error = #expect(throws: APIError.self) {
            try Kubeconfig(text: Self.text(user: "token: x")).configuration(context: "two")
        }
        #expect(error?.message.contains("it has one") == true)
    }

    @Test("several files are merged, the first that names a thing wins, missing ones are passed over")
    func merging() throws {
        let folder = try TemporaryFolder()
        let first = try folder.write(
            "first", "current-context: two\nusers: [{name: u, user: {token: first}}]")
        let second = try folder.write(
            "second",
            Self.text(user: "token: second").replacing("name: one", with: "name: two"))
        let list = "\(first):/nowhere/at/all:\(second)"
        let configuration = try APIConfiguration.kubeconfig(environment: ["KUBECONFIG": list])
        #expect(configuration.credentials == .token("first"))
        #expect(configuration.server.host == "10.0.0.1")
    }

    @Test("no kubeconfig at all is refused with advice")
    func missing() {
        let error = #expect(throws: APIError.self) { try APIConfiguration.kubeconfig(path: "/nowhere/at/all") }
        #expect(error?.message.contains("--kubeconfig") == true)
    }
}

@Suite("In-cluster configuration")
struct InClusterTests {
    @Test("server, token, authority and namespace come from the pod")
    func pod() throws {
        let folder = try TemporaryFolder()
        for (name, text) in [("token", "t"), ("ca.crt", "PEM"), ("namespace", "herald\n")] {
            _ = try folder.write(name, text)
        }
        let configuration = try APIConfiguration.inCluster(
            environment: ["KUBERNETES_SERVICE_HOST": "fd00::1", "KUBERNETES_SERVICE_PORT": "6443"],
            directory: folder.path)
        #expect(configuration.server.description == "https://[fd00::1]:6443")
        #expect(configuration.trust == .file("\(folder.path)/ca.crt"))
        #expect(configuration.credentials == .tokenFile("\(folder.path)/token"))
        #expect(configuration.namespace == "herald")
    }

    @Test("outside of a pod, or without a service account, it says what is missing")
    func noPod() {
        #expect(throws: APIError.self) { try APIConfiguration.inCluster(environment: [:]) }
        let error = #expect(throws: APIError.self) {
            try APIConfiguration.inCluster(environment: ["KUBERNETES_SERVICE_HOST": "10.0.0.1"], directory: "/nowhere")
        }
        #expect(error?.message.contains("automountServiceAccountToken") == true)
    }
}

@Suite("Choice of the transport")
struct TransportSelectionTests {
    static func configuration(_ change: (inout APIConfiguration) -> Void = { _ in }) -> APIConfiguration {
        var configuration = APIConfiguration(server: ServerAddress(host: "kubernetes"))
        change(&configuration)
        return configuration
    }

    static let obstacles: [(String, APIConfiguration)] = [
        ("client certificate", configuration { $0.clientCertificate = .init(chain: .text(""), key: .text("")) }),
        ("IPv6", configuration { $0.server.host = "fd00::1" }),
        ("another name", configuration { $0.tlsServerName = "x" }),
        ("proxy", configuration { $0.proxy = try? ProxyAddress("http://p:1") }),
        ("skip the check", configuration { $0.trust = .insecure }),
        ("system bundle only", configuration { $0.trust = .pem("PEM") }),
        ("is not /nowhere", configuration { $0.trust = .file("/nowhere") }),
    ]

    @Test("what URLSession cannot do chooses async-http-client, and says why", arguments: obstacles)
    func obstacle(reason: String, configuration: APIConfiguration) throws {
        let selection = try TransportSelection(for: configuration, environment: [:])
        #expect(selection.kind == .asyncHTTPClient)
        #expect(selection.reason.contains(reason), "\(selection.reason)")
        let refused = #expect(throws: APIError.self) {
            try TransportSelection(for: configuration, preference: .urlSession, environment: [:])
        }
        #expect(refused?.message.contains("--transport async-http-client") == true)
    }

    @Test("URLSession is used when the system bundle is the cluster's authority, by link or by copy")
    func bundle() throws {
        let folder = try TemporaryFolder()
        let authority = try folder.write("ca.crt", "PEM")
        let bundle = try folder.write("bundle.crt", "PEM")
        let configuration = Self.configuration { $0.trust = .file(authority) }
        let selection = try TransportSelection(for: configuration, environment: [:], bundle: bundle)
        #expect(selection.kind == .urlSession)
        let asked = try TransportSelection(
            for: configuration, preference: .asyncHTTPClient, environment: [:], bundle: bundle)
        #expect(asked.kind == .asyncHTTPClient)
    }

    @Test(
        "a proxy in the environment, which libcurl would obey, rules URLSession out",
        arguments: ["https_proxy", "ALL_PROXY"])
    func proxyVariable(name: String) throws {
        let selection = try TransportSelection(for: Self.configuration(), environment: [name: "http://p:1"])
        #expect(selection.kind == .asyncHTTPClient)
        #expect(selection.reason.contains(name))
    }
}
