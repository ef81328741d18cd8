/// What people type to get here: `lbctl`, or `kubectl lb` when kubectl runs the program as its plugin `kubectl-lb`.
enum ProgramName {
    static let current = name(CommandLine.arguments)

    /// - Parameter arguments: the program's file, as it was called, and what follows it.
    static func name(_ arguments: [String]) -> String {
        let file = arguments.first?.split(separator: "/").last ?? ""
        // A completion script is for a command of one word.
        guard file.hasPrefix("kubectl-"), !arguments.contains(where: { $0.hasPrefix("--generate-completion-script") })
        else { return "lbctl" }
        // kubectl's own spelling: a dash separates words, an underscore stands for a dash.
        return file.split(separator: "-").map { $0.replacing("_", with: "-") }.joined(separator: " ")
    }
}
