import KubernetesModel
import ObjectStore

/// The form in which a client wants objects, from its `Accept` header.
enum Presentation: Sendable, Hashable {
    case object
    /// `PartialObjectMetadata`, in this version of `meta.k8s.io`.
    case metadata(version: String)
    /// `Table`, in this version of `meta.k8s.io`.
    case table(version: String)

    init(accept: String?) throws(APIFailure) {
        self = .object
        guard let accept, !accept.isEmpty else { return }
        for range in accept.split(separator: ",") {
            let parameters = range.split(separator: ";").map { $0.trimmed.lowercased() }
            guard let media = parameters.first,
                ["application/json", "*/*", "application/*", "text/plain"].contains(media)
            else { continue }
            let version = parameters.first { $0.hasPrefix("v=") }?.dropFirst(2) ?? "v1"
            guard ["v1", "v1beta1"].contains(version) else { continue }
            switch parameters.first(where: { $0.hasPrefix("as=") }) {
            case nil: self = .object
            case "as=table": self = .table(version: String(version))
            case "as=partialobjectmetadata", "as=partialobjectmetadatalist": self = .metadata(version: String(version))
            default: continue
            }
            return
        }
        throw APIFailure(
            code: 406, reason: "NotAcceptable",
            message: "only the following media types are accepted: application/json")
    }
}

/// How stored objects of one resource look from outside, in one presentation.
struct ObjectView: Sendable {
    let definition: ResourceDefinition
    let presentation: Presentation
    let columns: TableColumns
    /// `includeObject` of a table: `None`, `Metadata` or `Object`.
    let includes: String

    /// Whether the stored text can be sent as it is.
    private var isPlain: Bool {
        presentation == .object && definition.storedAPIVersion == definition.type.apiVersion
    }

    func value(_ stored: JSONValue) -> JSONValue {
        guard definition.storedAPIVersion != definition.type.apiVersion else { return stored }
        if definition.storage == "events" { return EventViews.served(stored) }
        var value = stored
        value["apiVersion"] = .string(definition.type.apiVersion)
        return value
    }

    /// The text of one object as the answer to a request for it, or inside a watch event.
    func write(_ object: StoredObject, isFirst: Bool = true, into bytes: inout [UInt8]) {
        guard !isPlain else {
            bytes.append(contentsOf: object.encoded)
            return
        }
        let value = value(object.value)
        switch presentation {
        case .object: value.write(into: &bytes)
        case .metadata(let version): Self.metadataOnly(value, version).write(into: &bytes)
        case .table(let version):
            let table = columns.table(
                [value], version: version, includes: includes,
                listMetadata: ["resourceVersion": .string("\(object.version)")],
                withDefinitions: isFirst, now: Clock.now)
            table.write(into: &bytes)
        }
    }

    /// The text of a list.
    func write(_ list: ListResult, into bytes: inout [UInt8]) {
        var metadata: [String: JSONValue] = ["resourceVersion": .string("\(list.version)")]
        if let token = list.continue { metadata["continue"] = .string(token.text) }
        if let remaining = list.remaining { metadata["remainingItemCount"] = .integer(Int64(remaining)) }
        if case .table(let version) = presentation {
            columns.table(
                list.objects.map { value($0.value) }, version: version, includes: includes,
                listMetadata: .object(metadata),
                withDefinitions: true, now: Clock.now
            ).write(into: &bytes)
            return
        }
        let (kind, apiVersion) =
            switch presentation {
            case .metadata(let version): ("PartialObjectMetadataList", "meta.k8s.io/\(version)")
            default: (definition.type.kind + "List", definition.type.apiVersion)
            }
        bytes.reserveCapacity(bytes.count + list.objects.reduce(256) { $0 + $1.encoded.count + 1 })
        bytes.append(contentsOf: #"{"kind":"\#(kind)","apiVersion":"\#(apiVersion)","metadata":"#.utf8)
        JSONValue.object(metadata).write(into: &bytes)
        bytes.append(contentsOf: #","items":["#.utf8)
        for (index, object) in list.objects.enumerated() {
            if index > 0 { bytes.append(UInt8(ascii: ",")) }
            write(object, into: &bytes)
        }
        bytes.append(contentsOf: "]}".utf8)
    }

    /// A watch's bookmark: nothing but a version.
    func bookmark(_ version: UInt64, endsInitialEvents: Bool = false) -> JSONValue {
        var metadata: JSONValue = ["resourceVersion": .string("\(version)")]
        if endsInitialEvents { metadata["annotations"] = ["k8s.io/initial-events-end": "true"] }
        switch presentation {
        case .table(let tableVersion):
            return columns.table(
                [], version: tableVersion, includes: includes, listMetadata: metadata, withDefinitions: false,
                now: Clock.now)
        case .metadata(let version):
            metadata["creationTimestamp"] = .null
            return [
                "kind": "PartialObjectMetadata", "apiVersion": .string("meta.k8s.io/\(version)"), "metadata": metadata,
            ]
        case .object:
            metadata["creationTimestamp"] = .null
            return [
                "kind": .string(definition.type.kind), "apiVersion": .string(definition.type.apiVersion),
                "metadata": metadata,
            ]
        }
    }

    static func metadataOnly(_ value: JSONValue, _ version: String) -> JSONValue {
        [
            "kind": "PartialObjectMetadata", "apiVersion": .string("meta.k8s.io/\(version)"),
            "metadata": value["metadata"] ?? [:],
        ]
    }
}
