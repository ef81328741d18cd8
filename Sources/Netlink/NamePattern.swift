/// A pattern for interface names: `*` stands for any characters, everything else for itself.
package struct NamePattern: Sendable, Hashable {
    package let text: String

    package init(_ text: String) { self.text = text }

    package func matches(_ name: String) -> Bool { Self.matches(text.utf8[...], name.utf8[...]) }

    private static func matches(_ pattern: Substring.UTF8View, _ name: Substring.UTF8View) -> Bool {
        guard let star = pattern.firstIndex(of: UInt8(ascii: "*")) else { return pattern.elementsEqual(name) }
        guard name.starts(with: pattern[..<star]) else { return false }
        let tail = pattern[pattern.index(after: star)...]
        if tail.isEmpty { return true }
        var rest = name.dropFirst(pattern[..<star].count)
        while true {
            if matches(tail, rest) { return true }
            guard !rest.isEmpty else { return false }
            rest = rest.dropFirst()
        }
    }

    /// Interfaces that network plugins, container runtimes and kube-proxy make: never the way to the LAN.
    package static let excludedByDefault: [NamePattern] = [
        "lo", "cni*", "cali*", "cilium*", "lxc*", "docker*", "flannel*", "veth*", "vxlan*", "geneve*", "kube-ipvs*",
        "kube-bridge", "nodelocaldns*", "antrea*", "ovn*", "ovs*", "tunl*", "sit*", "ip6tnl*", "gre*", "wg*", "dummy*",
        "virbr*", "vnet*", "tap*", "br-*", "nerdctl*", "podman*", "tailscale*", "zt*",
    ].map(NamePattern.init)
}
