import FoundationEssentials
import Glibc

/// The sockets of this process.
enum OpenSockets {
    /// Marks them close-on-exec. NIO opens sockets without it, so a program started while the server listens would
    /// inherit the listening socket, and keep the port in use after ``EmbeddedAPIServer/stop()``.
    static func keepFromChildren() {
        let files = FileManager.default
        for name in (try? files.contentsOfDirectory(atPath: "/proc/self/fd")) ?? [] {
            guard let descriptor = Int32(name),
                let target = try? files.destinationOfSymbolicLink(atPath: "/proc/self/fd/\(name)"),
                target.hasPrefix("socket:")
            else { continue }
            _ = fcntl(descriptor, F_SETFD, FD_CLOEXEC)
        }
    }
}
