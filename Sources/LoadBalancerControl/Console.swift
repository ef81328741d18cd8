import Foundation

/// Standard output, unbuffered: lines appear as they are written, also in a pipe.
enum Console {
    static func line(_ text: String) { write(text + "\n") }
    static func write(_ text: String) { FileHandle.standardOutput.write(Data(text.utf8)) }
}
