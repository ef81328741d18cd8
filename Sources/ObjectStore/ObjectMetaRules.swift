package import KubernetesModel

/// What `metadata` may contain, for every kind.
package enum ObjectMetaRules {
    /// All annotations together, names and values.
    static let annotationLimit = 256 * 1024

    package static func causes(_ metadata: JSONValue, _ definition: ResourceDefinition) -> [Status.Cause] {
        var causes: [Status.Cause] = []
        let name = metadata["name"]?.string ?? ""
        if let why = refusal(ofName: name, definition.nameRule) {
            causes.append(.invalid("metadata.name", "\"\(name)\"", why))
        }
        for (field, isLabel) in [("labels", true), ("annotations", false)] {
            guard let value = metadata[field] else { continue }
            guard let members = value.object else {
                causes.append(.invalid("metadata.\(field)", value.quoted, "must be a map of strings"))
                continue
            }
            var size = 0
            for (key, value) in members.sorted(by: { $0.key < $1.key }) {
                guard let text = value.string else {
                    causes.append(.invalid("metadata.\(field)", value.quoted, "must be a string: \(key)"))
                    continue
                }
                size += key.utf8.count + text.utf8.count
                if !isQualifiedName(key) {
                    causes.append(
                        .invalid(
                            "metadata.\(field)", "\"\(key)\"", "must be a qualified name, such as example.com/name"))
                }
                if isLabel, !isLabelValue(text) {
                    causes.append(
                        .invalid(
                            "metadata.labels", "\"\(text)\"",
                            "a valid label must be an empty string or consist of alphanumeric characters, '-', '_' or '.', at most 63, and must start and end with an alphanumeric character"
                        ))
                }
            }
            if !isLabel, size > annotationLimit {
                causes.append(.tooLong("metadata.annotations", annotationLimit))
            }
        }
        return causes
    }

    static func refusal(ofName name: String, _ rule: ResourceDefinition.NameRule) -> String? {
        switch rule {
        case .subdomain:
            name.utf8.count <= 253 && name.split(separator: ".", omittingEmptySubsequences: false).allSatisfy(isLabel)
                ? nil
                : "a lowercase RFC 1123 subdomain must consist of lower case alphanumeric characters, '-' or '.', and must start and end with an alphanumeric character"
        case .label:
            isLabel(name[...])
                ? nil
                : "a lowercase RFC 1123 label must consist of lower case alphanumeric characters or '-', and must start and end with an alphanumeric character"
        case .serviceLabel:
            isLabel(name[...]) && !(name.utf8.first.map { (48...57).contains($0) } ?? true)
                ? nil
                : "a DNS-1035 label must consist of lower case alphanumeric characters or '-', start with an alphabetic character, and end with an alphanumeric character"
        case .pathSegment:
            !name.isEmpty && name != "." && name != ".." && !name.contains("/") && !name.contains("%")
                ? nil : "may not be empty, '.' or '..', nor contain '/' or '%'"
        }
    }

    package static func isLabel(_ text: Substring) -> Bool {
        let bytes = text.utf8
        guard let first = bytes.first, let last = bytes.last, bytes.count <= 63 else { return false }
        return isLowerAlphanumeric(first) && isLowerAlphanumeric(last)
            && bytes.allSatisfy { isLowerAlphanumeric($0) || $0 == UInt8(ascii: "-") }
    }

    static func isQualifiedName(_ text: String) -> Bool {
        let parts = text.split(separator: "/", omittingEmptySubsequences: false)
        guard parts.count <= 2, let name = parts.last, !name.isEmpty, isLabelValue(String(name)) else { return false }
        guard parts.count == 2 else { return true }
        return parts[0].utf8.count <= 253
            && parts[0].lowercased().split(separator: ".", omittingEmptySubsequences: false).allSatisfy { isLabel($0) }
    }

    static func isLabelValue(_ text: String) -> Bool {
        let bytes = text.utf8
        guard let first = bytes.first, let last = bytes.last else { return true }
        let separators: [UInt8] = [UInt8(ascii: "-"), UInt8(ascii: "_"), UInt8(ascii: ".")]
        return bytes.count <= 63 && isAlphanumeric(first) && isAlphanumeric(last)
            && bytes.allSatisfy { isAlphanumeric($0) || separators.contains($0) }
    }

    private static func isLowerAlphanumeric(_ byte: UInt8) -> Bool {
        (97...122).contains(byte) || (48...57).contains(byte)
    }
    private static func isAlphanumeric(_ byte: UInt8) -> Bool { isLowerAlphanumeric(byte) || (65...90).contains(byte) }
}
