import Foundation
import SystemPackage

/// What the operator names to be read: a file, a pipe such as `<(command)`, or `-` for standard input.
enum InputFile {
    static func data(_ path: String) throws(Complaint) -> Data {
        do {
            guard path != "-" else { return try FileHandle.standardInput.readToEnd() ?? Data() }
            let descriptor = try FileDescriptor.open(FilePath(path), .readOnly, options: .closeOnExec)
            let file = FileHandle(fileDescriptor: descriptor.rawValue, closeOnDealloc: true)
            guard try Stat(descriptor).type != .directory else { throw Errno.isDirectory }
            return try file.readToEnd() ?? Data()
        } catch {
            let reason = (error as? Errno).map { "\($0)" } ?? error.localizedDescription
            throw Complaint("cannot read \(path): \(reason); name a file that you may read")
        }
    }

    /// The same as text; nil for octets that are none.
    static func text(_ path: String) throws(Complaint) -> String? {
        let data = try data(path)
        return data.contains(0) ? nil : String(validating: data, as: UTF8.self)
    }
}
