package import NetworkAddresses

/// Which hardware address is given for which IP address. Lookup takes constant time and allocates nothing.
package struct AnswerTable: Sendable, Equatable {
    private var v4: [IPv4Address: MACAddress] = [:]
    private var v6: [IPv6Address: MACAddress] = [:]

    package init() {}

    package var count: Int { v4.count + v6.count }
    package var isEmpty: Bool { v4.isEmpty && v6.isEmpty }

    package subscript(address: IPv4Address) -> MACAddress? { v4[address] }
    package subscript(address: IPv6Address) -> MACAddress? { v6[address] }

    package subscript(address: IPAddress) -> MACAddress? {
        get {
            switch address {
            case .v4(let address): v4[address]
            case .v6(let address): v6[address]
            }
        }
        set {
            switch address {
            case .v4(let address): v4[address] = newValue
            case .v6(let address): v6[address] = newValue
            }
        }
    }
}
