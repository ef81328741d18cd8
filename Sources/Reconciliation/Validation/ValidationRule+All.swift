import KubernetesModel
import NetworkAddresses

extension ValidationRule {
    /// Every rule of the CRDs. Text and Swift must change together, and with them the rows of the test.
    public static let all: [ValidationRule] = poolEntries + names + [interfaceName, interfacePattern] + expressions

    private static let entries = [("IPAddressPool", "spec.addresses[]")]

    private static let poolEntries = [
        text(
            "pool-entry-form", entries,
            #"self.matches('^[!-,.0-~ ]+[-/][!-,.0-~ ]+$')"#,
            #"'"' + self + '" is neither a CIDR (192.168.57.0/24) nor a range (192.168.57.200-192.168.57.254)'"#,
            isValid: { hasEntryForm($0) },
            message: { "\"\($0)\" is neither a CIDR (192.168.57.0/24) nor a range (192.168.57.200-192.168.57.254)" }),
        text(
            "pool-entry-cidr", entries,
            #"!self.contains('/') || isCIDR(self)"#,
            #"'"' + self + '" is not a valid CIDR: it must be an address, a slash, and a prefix length of 0-32 for IPv4 or 0-128 for IPv6'"#,
            isValid: { !$0.contains("/") || CEL.cidr($0) != nil },
            message: {
                "\"\($0)\" is not a valid CIDR: it must be an address, a slash, and a prefix length of 0-32 for IPv4"
                    + " or 0-128 for IPv6"
            }),
        text(
            "pool-entry-ends", entries,
            #"self.contains('/') || self.split('-', 2).all(x, isIP(x.trim()))"#,
            #"'"' + self + '" contains "' + self.split('-', 2).filter(x, !isIP(x.trim()))[0].trim() + '", which is not an IP address'"#,
            isValid: { $0.contains("/") || CEL.endAddresses($0) != nil },
            message: { entry in
                let bad = CEL.ends(entry).first { CEL.ip($0) == nil } ?? ""
                return "\"\(entry)\" contains \"\(bad)\", which is not an IP address"
            }),
        text(
            "pool-entry-family", entries,
            #"self.contains('/') || !self.split('-', 2).all(x, isIP(x.trim())) || self.split('-', 2).all(x, ip(x.trim()).family() == ip(self.split('-', 2)[0].trim()).family())"#,
            #"'"' + self + '" mixes IPv4 and IPv6'"#,
            isValid: { entry in
                guard !entry.contains("/"), let ends = CEL.endAddresses(entry) else { return true }
                return ends.allSatisfy { $0.family == ends[0].family }
            },
            message: { "\"\($0)\" mixes IPv4 and IPv6" }),
        text(
            "pool-entry-order", entries,
            #"self.contains('/') || !self.matches('^ *[0-9]+[.][0-9]+[.][0-9]+[.][0-9]+ *- *[0-9]+[.][0-9]+[.][0-9]+[.][0-9]+ *$') || !self.split('-', 2).all(x, isIP(x.trim())) || [self.split('-', 2).map(x, x.trim().split('.', 4).map(o, int(o)))].all(e, ((e[0][0] * 256 + e[0][1]) * 256 + e[0][2]) * 256 + e[0][3] <= ((e[1][0] * 256 + e[1][1]) * 256 + e[1][2]) * 256 + e[1][3])"#,
            #"'"' + self + '" runs backward: its first address is above its last'"#,
            isValid: { entry in
                // CEL can't order IPv6 addresses: the controller's `InvalidAddresses` says it for them.
                guard entry.utf8.allSatisfy({ " .-0123456789".utf8.contains($0) }),
                    let ends = CEL.endAddresses(entry), ends.count == 2, ends.allSatisfy({ $0.family == .ipv4 })
                else { return true }
                return ends[0] <= ends[1]
            },
            message: { "\"\($0)\" runs backward: its first address is above its last" }),
        text(
            "pool-entry-unicast", entries,
            #"self.contains('/') ? !isCIDR(self) || cidr(self).masked().ip().isGlobalUnicast() : self.split('-', 2).all(x, !isIP(x.trim()) || ip(x.trim()).isGlobalUnicast())"#,
            #"'"' + self + '" reaches into addresses that no Service can use (unspecified, loopback, link-local, multicast or broadcast)'"#,
            isValid: { entry in
                if entry.contains("/") { return CEL.cidr(entry).map { CEL.isGlobalUnicast($0.first) } ?? true }
                return CEL.ends(entry).allSatisfy { CEL.ip($0).map(CEL.isGlobalUnicast) ?? true }
            },
            message: {
                "\"\($0)\" reaches into addresses that no Service can use"
                    + " (unspecified, loopback, link-local, multicast or broadcast)"
            }),
    ]

    private static let names = [
        text(
            "namespace-name", [("IPAddressPool", "spec.serviceAllocation.namespaces[]")],
            #"self.matches('^[a-z0-9]([-a-z0-9]*[a-z0-9])?$')"#, #"'"' + self + '" is not a valid namespace name'"#,
            isValid: { CEL.isName($0, dots: false) }, message: { "\"\($0)\" is not a valid namespace name" }),
        text(
            "pool-name", [("L2Advertisement", "spec.ipAddressPools[]")],
            #"self.matches('^[a-z0-9]([-a-z0-9.]*[a-z0-9])?$')"#,
            #"'"' + self + '" is not a valid name of an IPAddressPool'"#,
            isValid: { CEL.isName($0, dots: true) }, message: { "\"\($0)\" is not a valid name of an IPAddressPool" }),
    ]

    private static let interfaces = [("L2Advertisement", "spec.interfaces[]")]

    private static let interfaceName = text(
        "interface-name", interfaces,
        #"size(self) <= 15 && self.matches('^[^ /\\t\\n\\r\\f\\v]+$') && self != '.' && self != '..'"#,
        #"'"' + self + '" is not an interface name: Linux allows 1-15 characters without blanks and slashes (patterns are not supported)'"#,
        isValid: { name in
            (1...15).contains(name.unicodeScalars.count) && name != "." && name != ".."
                && name.unicodeScalars.allSatisfy { !" /\t\n\r\u{0C}\u{0B}".unicodeScalars.contains($0) }
        },
        message: {
            "\"\($0)\" is not an interface name: Linux allows 1-15 characters without blanks and slashes"
                + " (patterns are not supported)"
        })

    private static let interfacePattern = text(
        "interface-pattern", interfaces,
        #"!self.contains('*') && !self.contains('?')"#,
        #"'"' + self + '" looks like a pattern: interfaces are named exactly, one entry each'"#,
        isValid: { !$0.contains("*") && !$0.contains("?") },
        message: { "\"\($0)\" looks like a pattern: interfaces are named exactly, one entry each" })

    private static let selectors: [(kind: String, path: String)] = [
        ("IPAddressPool", "spec.serviceAllocation.namespaceSelectors[].matchExpressions[]"),
        ("IPAddressPool", "spec.serviceAllocation.serviceSelectors[].matchExpressions[]"),
        ("L2Advertisement", "spec.ipAddressPoolSelectors[].matchExpressions[]"),
        ("L2Advertisement", "spec.serviceSelectors[].matchExpressions[]"),
        ("L2Advertisement", "spec.nodeSelectors[].matchExpressions[]"),
        ("L2Advertisement", "spec.preferredNodeSelectors[].preference.matchExpressions[]"),
    ]

    private static let expressions = [
        ValidationRule(
            name: "selector-values",
            expression: #"!(self.operator in ['In', 'NotIn']) || (has(self.values) && size(self.values) > 0)"#,
            messageExpression:
                #"'the expression on "' + self.key + '" uses ' + self.operator + ' and needs at least one value'"#,
            places: selectors,
            isValid: { !takesValues($0) || $0["values"]?.array?.isEmpty == false },
            message: { "\(subject($0)) and needs at least one value" }),
        ValidationRule(
            name: "selector-no-values",
            expression: #"self.operator in ['In', 'NotIn'] || !has(self.values) || size(self.values) == 0"#,
            messageExpression:
                #"'the expression on "' + self.key + '" uses ' + self.operator + ' and takes no values'"#,
            places: selectors,
            isValid: { takesValues($0) || $0["values"]?.array?.isEmpty ?? true },
            message: { "\(subject($0)) and takes no values" }),
    ]

    @Sendable
    private static func takesValues(_ expression: JSONValue) -> Bool {
        ["In", "NotIn"].contains(expression["operator"]?.string ?? "")
    }

    @Sendable
    private static func subject(_ expression: JSONValue) -> String {
        "the expression on \"\(expression["key"]?.string ?? "")\" uses \(expression["operator"]?.string ?? "")"
    }

    /// One slash or dash, with printable ASCII on both sides.
    @Sendable
    private static func hasEntryForm(_ text: String) -> Bool {
        let bytes = Array(text.utf8)
        let separators = bytes.indices.filter { bytes[$0] == UInt8(ascii: "-") || bytes[$0] == UInt8(ascii: "/") }
        return bytes.allSatisfy { (0x20...0x7E).contains($0) } && separators.count == 1
            && separators[0] > 0 && separators[0] < bytes.count - 1
    }

    private static func text(
        _ name: String, _ places: [(String, String)], _ expression: String, _ messageExpression: String,
        isValid: @escaping @Sendable (String) -> Bool, message: @escaping @Sendable (String) -> String
    ) -> ValidationRule {
        ValidationRule(
            name: name, expression: expression, messageExpression: messageExpression,
            places: places.map { (kind: $0.0, path: $0.1) }, isValid: { $0.string.map(isValid) ?? true },
            message: { message($0.string ?? "") })
    }
}
