/// The marked block that `lbctl hosts --sync` keeps in a file; every other octet of the file stays as it is.
enum HostsBlock {
    static let begin = "# BEGIN lbctl hosts (written by lbctl: changes between these lines are lost)"
    static let end = "# END lbctl hosts"

    /// Why a file is left alone.
    enum Damage: Error, Sendable, Hashable, CustomStringConvertible {
        case beginWithoutEnd
        case endWithoutBegin
        case twoBlocks

        var description: String {
            switch self {
            case .beginWithoutEnd:
                "has the line that begins lbctl's block, but not the one that ends it; repair it by hand"
            case .endWithoutBegin:
                "has the line that ends lbctl's block, but not the one that begins it; repair it by hand"
            case .twoBlocks: "has two of lbctl's blocks; remove one by hand"
            }
        }
    }

    /// The file with the block replaced, or added at its end.
    static func put(_ lines: [String], into file: [UInt8]) throws(Damage) -> [UInt8] {
        let block = Array(([begin] + lines + [end]).map { $0 + "\n" }.joined().utf8)
        var (begins, ends): ([Range<Int>], [Range<Int>]) = ([], [])
        for line in Self.lines(of: file) {
            var text = file[line]
            while let last = text.last, last == 10 || last == 13 { text.removeLast() }
            // A later version may say something else in parentheses.
            if text.starts(with: "# BEGIN lbctl hosts".utf8) { begins.append(line) }
            if text.elementsEqual(end.utf8) { ends.append(line) }
        }
        guard begins.count <= 1, ends.count <= 1 else { throw .twoBlocks }
        switch (begins.first, ends.first) {
        case (nil, nil):
            let separator: [UInt8] = file.isEmpty || file.last == 10 ? [] : [10]
            return file + separator + block
        case (let begin?, let end?) where begin.upperBound <= end.lowerBound:
            return Array(file[..<begin.lowerBound]) + block + Array(file[end.upperBound...])
        case (.some, nil): throw .beginWithoutEnd
        default: throw .endWithoutBegin
        }
    }

    /// The lines with their line feeds.
    private static func lines(of file: [UInt8]) -> [Range<Int>] {
        var lines: [Range<Int>] = []
        var start = 0
        for index in file.indices where file[index] == 10 {
            lines.append(start..<index + 1)
            start = index + 1
        }
        if start < file.count { lines.append(start..<file.count) }
        return lines
    }
}
