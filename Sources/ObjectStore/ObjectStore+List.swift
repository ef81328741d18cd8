package import KubernetesModel

/// What to list: a namespace or all, selectors, and a page of a snapshot.
package struct ListRequest: Sendable {
    package var storage: String
    package var namespace: String?
    package var labels: LabelQuery?
    package var fields: FieldQuery?
    /// Most objects in one answer; 0 for all.
    package var limit = 0
    package var `continue`: ContinueToken?
    /// List exactly this version (`resourceVersionMatch=Exact`).
    package var exactly: UInt64?

    package init(storage: String) { self.storage = storage }
}

/// Where the next page of a list begins, and in which version.
package struct ContinueToken: Sendable, Hashable {
    package let version: UInt64
    package let after: ObjectKey

    package init(version: UInt64, after: ObjectKey) { (self.version, self.after) = (version, after) }

    /// Opaque to clients: letters, digits and dots, so that it needs no escaping in a query.
    package var text: String {
        "\(version).\(Self.hex(after.namespace)).\(Self.hex(after.name))"
    }

    package init(_ text: String) throws(APIFailure) {
        let parts = text.split(separator: ".", omittingEmptySubsequences: false)
        guard parts.count == 3, let version = UInt64(parts[0]), let namespace = Self.text(parts[1]),
            let name = Self.text(parts[2])
        else { throw .badRequest("continue key is not valid: encoded continue token is not understood") }
        self.init(version: version, after: ObjectKey(namespace: namespace, name: name))
    }

    private static func hex(_ text: String) -> String {
        text.utf8.map { ($0 < 16 ? "0" : "") + String($0, radix: 16) }.joined()
    }

    private static func text(_ hex: Substring) -> String? {
        guard hex.utf8.count.isMultiple(of: 2), hex.utf8.count <= 2048 else { return nil }
        var bytes: [UInt8] = []
        var rest = hex
        while !rest.isEmpty {
            guard let byte = UInt8(rest.prefix(2), radix: 16) else { return nil }
            bytes.append(byte)
            rest = rest.dropFirst(2)
        }
        return String(validating: bytes, as: UTF8.self)
    }
}

package struct ListResult: Sendable {
    package var version: UInt64
    package var objects: [StoredObject]
    package var `continue`: ContinueToken?
    package var remaining: Int?
}

extension ObjectStore {
    /// Lists a consistent snapshot: later pages show the state of the first page's version, reconstructed from the
    /// history, or are refused with 410 when that has been forgotten.
    package func list(_ request: ListRequest) throws(APIFailure) -> ListResult {
        let version = request.continue?.version ?? request.exactly ?? self.version
        guard version <= self.version else {
            throw APIFailure(
                code: 504, reason: "Timeout",
                message: "Too large resource version: \(version), current: \(self.version)",
                details: Status.Details(
                    retryAfterSeconds: 1,
                    causes: [Status.Cause(reason: "ResourceVersionTooLarge", message: "Too large resource version")]))
        }
        var keys = keys(request.storage, namespace: request.namespace)
        var past: [ObjectKey: StoredObject?] = [:]
        if version < self.version {
            guard let found = self.past(request.storage, at: version) else {
                throw .expired(
                    request.continue == nil
                        ? "The resourceVersion for the provided list is too old."
                        : "The provided continue parameter is too old to display a consistent list result. You can start a new list without the continue parameter."
                )
            }
            past = found
            let revived = found.compactMap { key, object in
                object != nil && (request.namespace ?? "" == "" || key.namespace == request.namespace)
                    && self.object(request.storage, key) == nil ? key : nil
            }
            if !revived.isEmpty { keys = (Array(keys) + revived).sorted()[...] }
        }
        if let after = request.continue?.after { keys = keys.drop { $0 <= after } }
        return page(keys, past, version, request)
    }

    private func page(
        _ keys: ArraySlice<ObjectKey>, _ past: [ObjectKey: StoredObject?], _ version: UInt64, _ request: ListRequest
    ) -> ListResult {
        var result = ListResult(version: version, objects: [])
        result.objects.reserveCapacity(request.limit > 0 ? min(request.limit, keys.count) : keys.count)
        let isSelective = !(request.labels?.isEmpty ?? true) || !(request.fields?.isEmpty ?? true)
        for (offset, key) in keys.enumerated() {
            let stored: StoredObject
            switch past[key] {
            case .some(.some(let earlier)): stored = earlier
            case .some(.none): continue
            case .none:
                guard let current = object(request.storage, key) else { continue }
                stored = current.stored
            }
            guard request.labels?.matches(stored.labels) ?? true,
                request.fields?.matches(
                    key,
                    value: {
                        past[key] == nil ? value(request.storage, key) ?? .null : stored.value
                    }) ?? true
            else { continue }
            if request.limit > 0, result.objects.count == request.limit, let last = result.objects.last {
                result.continue = ContinueToken(version: version, after: last.key)
                if !isSelective { result.remaining = keys.count - offset }
                break
            }
            result.objects.append(stored)
        }
        return result
    }
}
