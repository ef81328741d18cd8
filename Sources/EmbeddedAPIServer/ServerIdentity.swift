import Crypto
import Foundation
import NIOSSL
import NetworkAddresses

/// Keys, certificates and the administrator's token; kept in the data directory, or made anew.
struct ServerIdentity: Sendable {
    let authority: CertificateAuthority
    let tokenKey: P256.Signing.PrivateKey
    let adminToken: String

    /// - Parameter directory: is there, and nobody else uses it.
    init(directory: String?) throws {
        guard let directory else {
            authority = try CertificateAuthority()
            tokenKey = P256.Signing.PrivateKey()
            adminToken = Self.randomToken()
            return
        }
        func load(_ name: String) -> String? { try? String(contentsOfFile: "\(directory)/\(name)", encoding: .utf8) }
        if let certificate = load("ca.crt"), let key = load("ca.key") {
            authority = try CertificateAuthority(certificatePEM: certificate, keyPEM: key)
        } else {
            authority = try CertificateAuthority()
            try Self.save(authority.certificatePEM, "\(directory)/ca.crt")
            try Self.save(authority.keyPEM, "\(directory)/ca.key")
        }
        if let key = load("service-account.key") {
            tokenKey = try P256.Signing.PrivateKey(pemRepresentation: key)
        } else {
            tokenKey = P256.Signing.PrivateKey()
            try Self.save(tokenKey.pemRepresentation, "\(directory)/service-account.key")
        }
        if let token = load("admin.token"), token.count >= 32 {
            adminToken = token
        } else {
            adminToken = Self.randomToken()
            try Self.save(adminToken, "\(directory)/admin.token")
        }
    }

    /// Readable by the owner only, from the first byte on.
    static func save(_ text: String, _ path: String) throws {
        let fresh = path + ".new"
        guard
            FileManager.default.createFile(
                atPath: fresh, contents: Data(text.utf8), attributes: [.posixPermissions: 0o600])
        else { throw CocoaError(.fileWriteNoPermission) }
        if FileManager.default.fileExists(atPath: path) { try FileManager.default.removeItem(atPath: path) }
        try FileManager.default.moveItem(atPath: fresh, toPath: path)
    }

    private static func randomToken() -> String {
        var generator = SystemRandomNumberGenerator()
        return (0..<4).map { _ in
            let digits = String(generator.next(), radix: 16)
            return String(repeating: "0", count: 16 - digits.count) + digits
        }.joined()
    }

    /// The names in the serving certificate: those that pods use, and the ones given.
    func tlsConfiguration(hosts: [String]) throws -> TLSConfiguration {
        var names = [
            "localhost", "kubernetes", "kubernetes.default", "kubernetes.default.svc",
            "kubernetes.default.svc.cluster.local",
        ]
        var addresses: [[UInt8]] = []
        for host in ["127.0.0.1", "::1", "10.96.0.1"] + hosts {
            if let address = IPAddress(host) {
                addresses.append(Self.octets(address))
            } else if !host.isEmpty {
                names.append(host)
            }
        }
        let leaf = try authority.serve(names: names, addresses: addresses)
        return TLSConfiguration.makeServerConfiguration(
            certificateChain: [
                .certificate(try NIOSSLCertificate(bytes: Array(leaf.certificatePEM.utf8), format: .pem)),
                .certificate(try NIOSSLCertificate(bytes: Array(authority.certificatePEM.utf8), format: .pem)),
            ],
            privateKey: .privateKey(try NIOSSLPrivateKey(bytes: Array(leaf.keyPEM.utf8), format: .pem)))
    }

    private static func octets(_ address: IPAddress) -> [UInt8] {
        let width = address.family.bitWidth / 8
        return (0..<width).map { UInt8(truncatingIfNeeded: address.rawValue >> UInt128(8 * (width - 1 - $0))) }
    }
}
