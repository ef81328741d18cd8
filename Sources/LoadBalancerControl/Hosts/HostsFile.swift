import Foundation
import SystemPackage

/// A file of which lbctl keeps one block. At every instant it is whole: the old one, or the new one.
struct HostsFile {
    let path: String

    /// Symbolic links are followed: the file itself is replaced, the link stays.
    init(path: String) { self.path = URL(fileURLWithPath: path).resolvingSymlinksInPath().path }

    /// Writes the block unless it is there already.
    ///
    /// - Returns: whether the file changed.
    func sync(_ lines: [String]) throws -> Bool {
        let old: [UInt8]
        let attributes: [FileAttributeKey: Any]
        do {
            old = Array(try Data(contentsOf: URL(fileURLWithPath: path)))
            attributes = try FileManager.default.attributesOfItem(atPath: path)
        } catch {
            throw Complaint("cannot read \(path): create it first, or name another file with --sync")
        }
        let new: [UInt8]
        do { new = try HostsBlock.put(lines, into: old) } catch { throw Complaint("\(path) \(error)") }
        guard new != old else { return false }
        try replace(with: new, attributes)
        return true
    }

    /// A new file beside the old one, with its mode and owner, on disk before it takes the old one's name.
    ///
    /// The new file's name is always the same, so that a crash leaves at most one, which the next run overwrites.
    private func replace(with content: [UInt8], _ attributes: [FileAttributeKey: Any]) throws {
        let folder = URL(fileURLWithPath: path).deletingLastPathComponent().path
        let draft = "\(folder)/.\(URL(fileURLWithPath: path).lastPathComponent).lbctl"
        let kept = attributes.filter { [.posixPermissions, .ownerAccountID, .groupOwnerAccountID].contains($0.key) }
        do {
            // Foundation's own ways to create a file leave drafts of another name when they are killed.
            let descriptor = try FileDescriptor.open(
                FilePath(draft), .writeOnly, options: [.create, .truncate, .noFollow, .closeOnExec],
                permissions: .ownerReadWrite)
            let handle = FileHandle(fileDescriptor: descriptor.rawValue, closeOnDealloc: true)
            try handle.write(contentsOf: Data(content))
            try FileManager.default.setAttributes(kept, ofItemAtPath: draft)
            try handle.synchronize()
            try handle.close()
            // rename(2) is the one step that others see. Foundation has no call for it that replaces a file.
            guard unsafe rename(draft, path) == 0 else { throw POSIXError(POSIXErrorCode(rawValue: errno) ?? .EIO) }
            try? FileHandle(forReadingFrom: URL(fileURLWithPath: folder)).synchronize()
        } catch {
            try? FileManager.default.removeItem(atPath: draft)
            let isMounted = (error as? POSIXError)?.code == .EBUSY
            let remedy =
                isMounted ? "it is a mount of its own: sync the file outside the container" : "run as its owner"
            throw Complaint("cannot replace \(path): \(error.localizedDescription); \(remedy)")
        }
    }
}
