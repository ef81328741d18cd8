extension String {
    /// What a terminal would obey (C0, DEL and C1) as `\\u001b`, which JSON reads as the same text: annotations, messages
    /// of conditions and names are written by others.
    var visible: String { escaped { _ in false } }

    /// The same for a text of several lines.
    var visibleText: String { escaped { $0 == "\n" || $0 == "\t" } }

    private func escaped(_ isKept: (Unicode.Scalar) -> Bool) -> String {
        func isObeyed(_ scalar: Unicode.Scalar) -> Bool {
            scalar.properties.generalCategory == .control && !isKept(scalar)
        }
        guard unicodeScalars.contains(where: isObeyed) else { return self }
        var text = ""
        for scalar in unicodeScalars {
            guard isObeyed(scalar) else {
                text.unicodeScalars.append(scalar)
                continue
            }
            let digits = String(scalar.value, radix: 16)
            text += "\\u" + String(repeating: "0", count: 4 - digits.count) + digits
        }
        return text
    }
}
