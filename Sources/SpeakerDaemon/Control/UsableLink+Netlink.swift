import FoundationEssentials
import Netlink

extension NetworkState {
    /// The interfaces that can carry announcements, by index.
    func usableLinks(_ gateways: Set<Gateway>) -> [UsableLink] {
        interfaces.values.filter(\.isUsable).sorted { $0.index < $1.index }.compactMap { interface in
            guard let hardwareAddress = interface.hardwareAddress else { return nil }
            let addresses = interface.addresses.sorted { $0.address < $1.address }.compactMap { address in
                address.prefix.map { UsableLink.InterfaceAddress(address: address.address, prefix: $0) }
            }
            return UsableLink(
                name: interface.name, index: interface.index, hardwareAddress: hardwareAddress,
                maximumTransmissionUnit: interface.maximumTransmissionUnit,
                isWireless: FileManager.default.fileExists(atPath: "/sys/class/net/\(interface.name)/wireless"),
                addresses: addresses,
                gateways: gateways.filter { $0.interfaceIndex == interface.index }.map(\.address).sorted())
        }
    }
}
