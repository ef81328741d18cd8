import Foundation

/// A child process by posix_spawn: started, signalled and waited for without a run loop.
final class ChildProcess: Sendable {
    let pid: pid_t
    /// The other end of its standard input, when that is a pipe: closing it tells the child to end.
    private let input: Int32?

    /// - Parameters:
    ///   - arguments: The program, looked up in PATH, and what follows it.
    ///   - output: The file that standard output goes to, from its end on; standard error too if `mergesErrors`.
    init(_ arguments: [String], output: String, mergesErrors: Bool = true, hasInput: Bool = false) throws {
        var ends: [Int32] = [-1, -1]
        if hasInput {
            guard unsafe pipe(&ends) == 0 else { throw Failure("no pipe: \(errno)") }
            for end in ends { _ = fcntl(end, F_SETFD, FD_CLOEXEC) }
        }
        // What this process has open is not the child's: it would hold the API server's connections open after their end.
        for name in try FileManager.default.contentsOfDirectory(atPath: "/proc/self/fd") {
            if let descriptor = Int32(name), descriptor > 2 { _ = fcntl(descriptor, F_SETFD, FD_CLOEXEC) }
        }
        var actions = unsafe posix_spawn_file_actions_t()
        unsafe posix_spawn_file_actions_init(&actions)
        defer { unsafe posix_spawn_file_actions_destroy(&actions) }
        if hasInput {
            unsafe posix_spawn_file_actions_adddup2(&actions, ends[0], 0)
        } else {
            unsafe posix_spawn_file_actions_addopen(&actions, 0, "/dev/null", O_RDONLY, 0)
        }
        unsafe posix_spawn_file_actions_addopen(&actions, 1, output, O_WRONLY | O_CREAT | O_APPEND, 0o600)
        if mergesErrors { unsafe posix_spawn_file_actions_adddup2(&actions, 1, 2) }
        var words = unsafe arguments.map { unsafe strdup($0) } + [nil]
        defer { unsafe words.forEach { unsafe free($0) } }
        var child: pid_t = 0
        let status = unsafe posix_spawnp(&child, arguments[0], &actions, nil, &words, environ)
        if hasInput { close(ends[0]) }
        guard status == 0 else {
            throw Failure("cannot start \(arguments[0]): \(unsafe String(cString: strerror(status)))")
        }
        (pid, input) = (child, hasInput ? ends[1] : nil)
    }

    func signal(_ signal: Int32) { kill(pid, signal) }

    /// Closes the standard input and waits for the end. Once only.
    /// - Returns: The exit status; 128 and the signal's number for a process that died of one.
    @discardableResult
    func end(with signal: Int32? = nil) -> Int32 {
        if let signal { kill(pid, signal) }
        if let input { close(input) }
        var status: Int32 = 0
        while unsafe waitpid(pid, &status, 0) < 0, errno == EINTR {}
        return status & 0x7F == 0 ? status >> 8 & 0xFF : 128 + status & 0x7F
    }
}

/// Runs a shell script; what it printed is the message of the error when it fails.
@discardableResult
func shell(_ script: String) throws -> String {
    let file = "/tmp/failover-bench-\(UUID().uuidString)"
    defer { try? FileManager.default.removeItem(atPath: file) }
    let status = try ChildProcess(["sh", "-ec", script], output: file).end()
    let output = try String(contentsOfFile: file, encoding: .utf8)
    guard status == 0 else { throw Failure("`\(script)` failed: \(output)") }
    return output
}

struct Failure: Error, CustomStringConvertible {
    let description: String
    init(_ description: String) { self.description = description }
}
