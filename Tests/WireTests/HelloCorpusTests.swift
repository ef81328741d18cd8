import Foundation
import Testing
import Wire

/// What a fuzzer, an attacker or a later release may send, replayed from the named files of `Tests/Fuzzing/Corpus`.
@Suite("The corpus of Hello, Claims and Refuse frames")
struct HelloCorpusTests {
    static let folder = URL(filePath: #filePath).deletingLastPathComponent().deletingLastPathComponent()
        .appending(path: "Fuzzing/Corpus/hello")
    static let names = ((try? FileManager.default.contentsOfDirectory(atPath: folder.path)) ?? []).sorted()

    /// The rows that are refused; all others are read to the end.
    static let refusals: [String: HelloDropReason] = [
        "addresses-5": .badField, "addresses-half": .badField, "claims-count-0": .badField,
        "claims-half-entry": .badField, "claims-kind-0": .badField, "claims-no-part": .missingField,
        "claims-part-beyond-count": .badField, "empty": .truncated, "field-header-cut": .badLength,
        "field-length-65535": .badLength, "header-only": .truncated, "heard-half": .badField,
        "heard-missing": .missingField, "interface-name-16": .badName, "kind-0": .unknownKind, "kind-4": .unknownKind,
        "length-0": .missingField, "length-65535": .badLength, "magic": .foreignProtocol, "name-254": .badName,
        "name-empty": .badName, "name-missing": .missingField, "name-not-utf8": .badName,
        "other-cluster": .otherCluster, "phase-0": .unknownPhase, "phase-255": .unknownPhase,
        "refuse-nothing": .missingField, "refuse-short": .badField, "truncated": .badLength,
        "udp4-header-only": .truncated, "udp4-length-beyond": .truncated, "version-0": .unknownVersion,
        "version-255": .unknownVersion,
    ]

    static func read(_ bytes: [UInt8]) -> HelloDropReason? {
        let isGroup = bytes.count > 13 && bytes[12] == 0x88 && bytes[13] == 0xB5
        let start = isGroup ? EthernetHeader.length : UnicastCarrier.payloadStart(bytes) ?? 0
        do throws(HelloDropReason) {
            let view = try HelloFrameView(bytes, at: start, cluster: ClusterID(uid: "fuzz"))
            #expect(!view.isAuthentic(HelloKeys(current: [1, 2, 3]), HMACAuthenticator()))
            _ = try view.sender()
            _ = try view.body()
            return nil
        } catch {
            return error
        }
    }

    @Test("there are rows, and every refusal has its row")
    func rows() { #expect(Self.names.count >= 45 && Set(Self.refusals.keys).isSubset(of: Self.names)) }

    @Test("a row is read, or refused for its reason", arguments: names)
    func replay(name: String) throws {
        let bytes = Array(try Data(contentsOf: Self.folder.appending(path: name)))
        #expect(Self.read(bytes) == Self.refusals[name])
    }
}
