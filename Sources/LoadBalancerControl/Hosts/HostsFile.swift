import Foundation
import SystemPackage

/// A file of which lbctl keeps one block. At every instant it is whole: the old one, or the new one.
struct HostsFile {
    let path: String

    /// Symbolic links are followed: the file itself is replaced, the link stays.
    init(path: String) { self.path = URL(fileURLWithPath: path).resolvingSymlinksInPath().path }

    /// Writes the block unless it is there already. Of several runs on one file each writes the whole of it, one after the
    /// other.
    ///
    /// - Returns: whether the file changed.
    func sync(_ lines: [String]) throws -> Bool {
        guard try change(lines) != nil else { return false }
        do {
            let draft = try lockedDraft()
            // Held until the draft has become the file, or is gone: closing it lets the next run go on.
            defer { try? draft.close() }
            do {
                // Another run, or the operator, may have written it meanwhile.
                guard let (content, attributes) = try change(lines) else {
                    try FileManager.default.removeItem(atPath: draftPath)
                    return false
                }
                try replace(draft, with: content, attributes)
                return true
            } catch {
                try? FileManager.default.removeItem(atPath: draftPath)
                throw error
            }
        } catch let error as Complaint {
            throw error
        } catch {
            let isMounted = (error as? POSIXError)?.code == .EBUSY
            let remedy =
                isMounted ? "it is a mount of its own: sync the file outside the container" : "run as its owner"
            throw Complaint("cannot replace \(path): \(error.localizedDescription); \(remedy)")
        }
    }

    /// What the file is to be, and its mode and owner; nil when it is so already.
    private func change(_ lines: [String]) throws -> (content: [UInt8], attributes: [FileAttributeKey: Any])? {
        let old: [UInt8]
        let attributes: [FileAttributeKey: Any]
        do {
            old = Array(try Data(contentsOf: URL(fileURLWithPath: path)))
            attributes = try FileManager.default.attributesOfItem(atPath: path)
        } catch {
            throw Complaint("cannot read \(path): create it first, or name another file with --sync")
        }
        do {
            let new = try HostsBlock.put(lines, into: old)
            let kept: Set<FileAttributeKey> = [
                .posixPermissions, .ownerAccountID, .groupOwnerAccountID, Self.extendedAttributes,
            ]
            return new == old ? nil : (new, attributes.filter { kept.contains($0.key) })
        } catch {
            throw Complaint("\(path) \(error)")
        }
    }

    /// Such as a label of SELinux or an access control list.
    static let extendedAttributes = FileAttributeKey(rawValue: "NSFileExtendedAttributes")

    private var folder: String { URL(fileURLWithPath: path).deletingLastPathComponent().path }

    /// Always the same name, so that a crash leaves at most one draft, which the next run overwrites.
    private var draftPath: String { "\(folder)/.\(URL(fileURLWithPath: path).lastPathComponent).lbctl" }

    /// The new file beside the old one, empty, and this run's alone.
    private func lockedDraft() throws -> FileHandle {
        while true {
            // Foundation's own ways to create a file leave drafts of another name when they are killed.
            let descriptor = try FileDescriptor.open(
                FilePath(draftPath), .writeOnly, options: [.create, .noFollow, .closeOnExec],
                permissions: .ownerReadWrite)
            let draft = FileHandle(fileDescriptor: descriptor.rawValue, closeOnDealloc: true)
            while flock(descriptor.rawValue, LOCK_EX) != 0 {
                guard errno == EINTR else { throw POSIXError(POSIXErrorCode(rawValue: errno) ?? .EIO) }
            }
            // The run that had the lock before has made the draft the file itself, or has removed it.
            let now = try? Stat(FilePath(draftPath), followTargetSymlink: false)
            let mine = try Stat(descriptor)
            guard let now, now.inode == mine.inode, now.deviceID == mine.deviceID else { continue }
            try draft.truncate(atOffset: 0)
            return draft
        }
    }

    /// The draft is on disk, with the old file's mode and owner, before it takes the old one's name.
    private func replace(_ draft: FileHandle, with content: [UInt8], _ attributes: [FileAttributeKey: Any]) throws {
        try draft.write(contentsOf: Data(content))
        var attributes = attributes
        let extended = attributes.removeValue(forKey: Self.extendedAttributes)
        try FileManager.default.setAttributes(attributes, ofItemAtPath: draftPath)
        // Some of them only the kernel or root may give.
        if let extended {
            try? FileManager.default.setAttributes([Self.extendedAttributes: extended], ofItemAtPath: draftPath)
        }
        try draft.synchronize()
        // rename(2) is the one step that others see. Foundation has no call for it that replaces a file.
        guard unsafe rename(draftPath, path) == 0 else { throw POSIXError(POSIXErrorCode(rawValue: errno) ?? .EIO) }
        try? FileHandle(forReadingFrom: URL(fileURLWithPath: folder)).synchronize()
    }
}
