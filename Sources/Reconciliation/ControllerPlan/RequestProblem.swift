/// Why what a Service asks for can't be understood.
package enum RequestProblem: Sendable, Hashable {
    /// Two spellings of one annotation, or an annotation and `spec.loadBalancerIP`, say different things.
    case contradiction(String, String)
    case notAnAddress(String, field: String)
    /// RequireDualStack on a Service that has one family.
    case secondFamilyMissing
    /// The Service is on its way out, and only a finalizer holds it: what it has it keeps, more it does not get.
    case beingDeleted

    /// CamelCase, for the `reason` of a condition or an event.
    package var code: String {
        switch self {
        case .contradiction: "ContradictingRequests"
        case .notAnAddress: "InvalidAddress"
        case .secondFamilyMissing: "NotDualStack"
        case .beingDeleted: "BeingDeleted"
        }
    }

    package var sentence: String {
        switch self {
        case .contradiction(let one, let other): "\(one) and \(other) have different values. Keep one of them."
        case .notAnAddress(let text, let field):
            "\(field) has \"\(text)\", which is not an IP address. Write one address, or one IPv4 and one IPv6 with a comma."
        case .secondFamilyMissing:
            "ipFamilyPolicy is RequireDualStack, but the Service has one IP family only."
                + " The cluster must be dual-stack for it; otherwise use SingleStack or PreferDualStack."
        case .beingDeleted:
            "The Service is being deleted and gets no address any more. If it stays, see who holds it: metadata.finalizers."
        }
    }
}
