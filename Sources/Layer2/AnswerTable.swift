package import NetworkAddresses

/// Which hardware address is given for which IP address. Lookup takes constant time and allocates nothing.
package struct AnswerTable: Sendable, Equatable {
    /// By number: the standard library's own hashing is compiled into the lookup, another module's is called.
    private var v4: [UInt32: MACAddress] = [:]
    private var v6: [IPv6Address: MACAddress] = [:]

    package init() {}

    package subscript(address: IPv4Address) -> MACAddress? { v4[address.rawValue] }
    package subscript(address: IPv6Address) -> MACAddress? { v6[address] }

    package subscript(address: IPAddress) -> MACAddress? {
        get {
            switch address {
            case .v4(let address): v4[address.rawValue]
            case .v6(let address): v6[address]
            }
        }
        set {
            switch address {
            case .v4(let address): v4[address.rawValue] = newValue
            case .v6(let address): v6[address] = newValue
            }
        }
    }
}
