import ObjectStore

/// The path and query of a request, decoded.
struct RequestTarget: Sendable {
    var path: [String]
    private var query: [String: String] = [:]

    subscript(name: String) -> String? { query[name] }

    func flag(_ name: String) -> Bool { query[name] == "true" || query[name] == "1" }

    init(_ text: String) throws(APIFailure) {
        let parts = text.split(separator: "?", maxSplits: 1, omittingEmptySubsequences: false)
        var path: [String] = []
        for segment in parts[0].split(separator: "/") {
            guard let decoded = Self.decode(segment, plusIsSpace: false), decoded != "..", decoded != "." else {
                throw .badRequest("the request path is not valid")
            }
            path.append(decoded)
        }
        self.path = path
        guard parts.count == 2 else { return }
        for pair in parts[1].split(separator: "&") {
            let halves = pair.split(separator: "=", maxSplits: 1, omittingEmptySubsequences: false)
            guard let name = Self.decode(halves[0], plusIsSpace: true),
                let value = Self.decode(halves.count == 2 ? halves[1] : "", plusIsSpace: true)
            else { throw .badRequest("the query of the request is not valid") }
            if query[name] == nil { query[name] = value }
        }
    }

    /// RFC 3986 §2.1.
    private static func decode(_ text: Substring, plusIsSpace: Bool) -> String? {
        var bytes: [UInt8] = []
        var rest = text.utf8[...]
        while let byte = rest.popFirst() {
            switch byte {
            case UInt8(ascii: "%"):
                guard rest.count >= 2, let code = UInt8(String(rest.prefix(2)) ?? "", radix: 16) else { return nil }
                bytes.append(code)
                rest = rest.dropFirst(2)
            case UInt8(ascii: "+") where plusIsSpace: bytes.append(0x20)
            default: bytes.append(byte)
            }
        }
        return String(validating: bytes, as: UTF8.self)
    }
}

/// What a path below `/api` or `/apis` names.
struct ResourceTarget: Sendable {
    var group: String
    var version: String
    var plural: String
    var namespace = ""
    var name = ""
    var subresource = ""
    var isWatch = false

    /// `nil` for anything that is no resource.
    init?(_ path: [String]) {
        guard let root = path.first else { return nil }
        var rest: ArraySlice<String>
        switch root {
        case "api" where path.count >= 3: (group, version, rest) = ("", path[1], path[2...])
        case "apis" where path.count >= 4: (group, version, rest) = (path[1], path[2], path[3...])
        default: return nil
        }
        if rest.first == "watch" {
            isWatch = true
            rest = rest.dropFirst()
        }
        if rest.first == "namespaces", rest.count >= 3, !["status", "finalize"].contains(rest[rest.startIndex + 2]) {
            namespace = rest[rest.startIndex + 1]
            rest = rest.dropFirst(2)
        }
        guard let plural = rest.first, rest.count <= 3 else { return nil }
        self.plural = plural
        let tail = Array(rest.dropFirst())
        if tail.count >= 1 { name = tail[0] }
        if tail.count == 2 { subresource = tail[1] }
    }
}
