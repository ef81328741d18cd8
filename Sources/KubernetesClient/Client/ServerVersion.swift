package import KubernetesModel

/// What an API server says of its version (`/version`, `version.Info`).
package struct ServerVersion: Sendable, Hashable {
    package let minor: Int
    package let text: String

    /// Older ones lack what Herald's CRDs are written with.
    package static let oldestMinor = 31

    /// Nil for what can't be read, which is no reason to complain. `31+` and the like are 31.
    package init?(_ info: JSONValue) {
        guard info["major"]?.string == "1",
            let minor = info["minor"]?.string.flatMap({ Int($0.prefix { $0.isNumber }) })
        else { return nil }
        (self.minor, text) = (minor, info["gitVersion"]?.string ?? "1.\(minor)")
    }

    package var isTooOld: Bool { minor < Self.oldestMinor }

    /// What to say about an API server that is too old.
    package var problem: String? {
        isTooOld ? "Herald needs Kubernetes 1.\(Self.oldestMinor) or newer; this API server is \(text)" : nil
    }
}
