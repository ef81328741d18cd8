import Crypto
import Foundation
import NIOSSL
import SwiftASN1
import X509

/// A certificate authority of a test, made anew or read from a folder.
struct TestAuthority: Sendable {
    struct Leaf: Sendable {
        let certificatePEM: String
        let keyPEM: String
    }

    let certificatePEM: String
    let keyPEM: String
    private let certificate: Certificate
    private let key: Certificate.PrivateKey

    init(folder: String?) throws {
        if let folder {
            certificatePEM = try String(contentsOfFile: "\(folder)/ca.crt", encoding: .utf8)
            keyPEM = try String(contentsOfFile: "\(folder)/ca.key", encoding: .utf8)
            certificate = try Certificate(pemEncoded: certificatePEM)
            key = try Certificate.PrivateKey(pemEncoded: keyPEM)
            return
        }
        let key = Certificate.PrivateKey(P256.Signing.PrivateKey())
        self.key = key
        let name = try DistinguishedName { CommonName("test-ca-\(UInt32.random(in: 0...UInt32.max))") }
        let authority = try Certificate(
            version: .v3, serialNumber: Certificate.SerialNumber(), publicKey: key.publicKey,
            notValidBefore: Date() - 3600, notValidAfter: Date() + 86400, issuer: name, subject: name,
            signatureAlgorithm: .ecdsaWithSHA256,
            extensions: try Certificate.Extensions {
                Critical(BasicConstraints.isCertificateAuthority(maxPathLength: nil))
                Critical(KeyUsage(digitalSignature: true, keyCertSign: true, cRLSign: true))
                SubjectKeyIdentifier(hash: key.publicKey)
            }, issuerPrivateKey: key)
        certificate = authority
        certificatePEM = try authority.serializeAsPEM().pemString
        keyPEM = try key.serializeAsPEM().pemString
    }

    func serve(names: [String], isExpired: Bool = false) throws -> Leaf {
        let leaf = Certificate.PrivateKey(P256.Signing.PrivateKey())
        let end = isExpired ? Date() - 60 : Date() + 86400
        let signed = try Certificate(
            version: .v3, serialNumber: Certificate.SerialNumber(), publicKey: leaf.publicKey,
            notValidBefore: Date() - 7200, notValidAfter: end, issuer: certificate.subject,
            subject: try DistinguishedName { CommonName("test-server") }, signatureAlgorithm: .ecdsaWithSHA256,
            extensions: try Certificate.Extensions {
                Critical(BasicConstraints.notCertificateAuthority)
                try ExtendedKeyUsage([.serverAuth])
                SubjectAlternativeNames(names.map { GeneralName.dnsName($0) })
            }, issuerPrivateKey: key)
        return Leaf(certificatePEM: try signed.serializeAsPEM().pemString, keyPEM: try leaf.serializeAsPEM().pemString)
    }
}
