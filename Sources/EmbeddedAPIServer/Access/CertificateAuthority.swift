import Crypto
import FoundationEssentials
import SwiftASN1
import X509

/// The server's own certificate authority: one root, and a serving certificate for every name it is reached by.
struct CertificateAuthority: Sendable {
    let certificatePEM: String
    private let certificate: Certificate
    private let key: Certificate.PrivateKey
    let keyPEM: String

    /// Ten years; the authority lives as long as its data directory.
    private static let lifetime: Double = 10 * 365 * 86400

    init() throws {
        let key = Certificate.PrivateKey(P256.Signing.PrivateKey())
        let name = try DistinguishedName { CommonName("herald-api-server-ca") }
        let identifier = SubjectKeyIdentifier(hash: key.publicKey)
        let now = Date()
        certificate = try Certificate(
            version: .v3, serialNumber: Certificate.SerialNumber(), publicKey: key.publicKey,
            notValidBefore: now - 3600, notValidAfter: now + Self.lifetime, issuer: name, subject: name,
            signatureAlgorithm: .ecdsaWithSHA256,
            extensions: try Certificate.Extensions {
                Critical(BasicConstraints.isCertificateAuthority(maxPathLength: nil))
                Critical(KeyUsage(digitalSignature: true, keyCertSign: true, cRLSign: true))
                identifier
            },
            issuerPrivateKey: key)
        self.key = key
        certificatePEM = try certificate.serializeAsPEM().pemString
        keyPEM = try key.serializeAsPEM().pemString
    }

    init(certificatePEM: String, keyPEM: String) throws {
        certificate = try Certificate(pemEncoded: certificatePEM)
        key = try Certificate.PrivateKey(pemEncoded: keyPEM)
        (self.certificatePEM, self.keyPEM) = (certificatePEM, keyPEM)
    }

    /// A serving certificate and its key for DNS names and addresses (`addresses`: 4 or 16 octets each).
    func serve(names: [String], addresses: [[UInt8]]) throws -> (certificatePEM: String, keyPEM: String) {
        let leaf = Certificate.PrivateKey(P256.Signing.PrivateKey())
        let now = Date()
        let alternatives =
            names.map { GeneralName.dnsName($0) }
            + addresses.map { GeneralName.ipAddress(ASN1OctetString(contentBytes: $0[...])) }
        let issuerIdentifier = SubjectKeyIdentifier(hash: key.publicKey)
        let certificate = try Certificate(
            version: .v3, serialNumber: Certificate.SerialNumber(), publicKey: leaf.publicKey,
            notValidBefore: now - 3600, notValidAfter: now + 365 * 86400, issuer: certificate.subject,
            subject: try DistinguishedName { CommonName("herald-api-server") },
            signatureAlgorithm: .ecdsaWithSHA256,
            extensions: try Certificate.Extensions {
                Critical(BasicConstraints.notCertificateAuthority)
                Critical(KeyUsage(digitalSignature: true))
                try ExtendedKeyUsage([.serverAuth])
                SubjectAlternativeNames(alternatives)
                AuthorityKeyIdentifier(keyIdentifier: issuerIdentifier.keyIdentifier)
            },
            issuerPrivateKey: key)
        return (try certificate.serializeAsPEM().pemString, try leaf.serializeAsPEM().pemString)
    }
}
