import FoundationEssentials
import NIOSSL

/// Where the certificates of a configuration come from, and how they become a TLS configuration.
struct TLSSource: Sendable {
    /// The bytes that a TLS configuration is made of; compared to find out whether they rotated.
    struct Material: Sendable, Hashable {
        var authority: [UInt8]?
        var chain: [UInt8]?
        var key: [UInt8]?
    }

    private let trust: APIConfiguration.Trust
    private let certificate: APIConfiguration.ClientCertificate?

    init(_ configuration: APIConfiguration) {
        (trust, certificate) = (configuration.trust, configuration.clientCertificate)
    }

    func read() throws(APIError) -> Material {
        var material = Material()
        switch trust {
        case .system, .insecure: break
        case .pem(let text): material.authority = Array(text.utf8)
        case .file(let path): material.authority = try Self.bytes(.file(path), "certificate authority")
        }
        if let certificate {
            material.chain = try Self.bytes(certificate.chain, "client certificate")
            material.key = try Self.bytes(certificate.key, "client key")
        }
        return material
    }

    func configuration(_ material: Material) throws(APIError) -> TLSConfiguration {
        var tls = TLSConfiguration.makeClientConfiguration()
        tls.minimumTLSVersion = .tlsv12
        do {
            if trust == .insecure { tls.certificateVerification = .none }
            if let authority = material.authority {
                let certificates = try NIOSSLCertificate.fromPEMBytes(authority)
                guard !certificates.isEmpty else { throw Self.refusal("certificate authority holds no certificate") }
                tls.trustRoots = .certificates(certificates)
            }
            if let chain = material.chain, let key = material.key {
                tls.certificateChain = try NIOSSLCertificate.fromPEMBytes(chain).map { .certificate($0) }
                tls.privateKey = .privateKey(try NIOSSLPrivateKey(bytes: key, format: .pem))
            }
        } catch let error as APIError {
            throw error
        } catch {
            throw Self.refusal("certificates or client key are not PEM: \(error)")
        }
        return tls
    }

    private static func bytes(_ pem: APIConfiguration.PEM, _ what: String) throws(APIError) -> [UInt8] {
        switch pem {
        case .text(let text): return Array(text.utf8)
        case .file(let path):
            guard let data = FileManager.default.contents(atPath: path) else {
                throw refusal("\(what) \(path) cannot be read")
            }
            return Array(data)
        }
    }

    private static func refusal(_ text: String) -> APIError {
        APIError(code: .configuration, message: "the \(text)")
    }
}
