/// A table as kubectl prints it: columns of their own width, three blanks apart.
struct TextTable: Sendable, Hashable {
    struct Column: Sendable, Hashable {
        let title: String
        /// Shown with `-o wide` only.
        var isWide = false
        /// A list separated by commas, whose first element is useless when it is cut: it rather goes beyond the terminal.
        var keepsFirst = false
    }

    struct Cell: Sendable, Hashable, ExpressibleByStringInterpolation {
        let text: String
        let tone: Tone

        init(_ text: String, _ tone: Tone = .plain) { (self.text, self.tone) = (text.visible, tone) }
        init(stringLiteral value: String) { self.init(value) }
    }

    /// What a colour would say.
    enum Tone: Sendable, Hashable { case plain, good, warning, bad }

    let columns: [Column]
    var rows: [[Cell]] = []

    private static let gap = "   "
    /// A column is not made narrower than this to fit the terminal.
    private static let narrowest = 8

    /// The lines, headings first.
    ///
    /// - Parameter width: of the terminal; the widest columns are cut to fit it. nil: as wide as it gets.
    func lines(wide: Bool, width: Int?, colours: Bool) -> [String] {
        let shown = columns.indices.filter { wide || !columns[$0].isWide }
        var widths = shown.map { index in
            rows.map { $0[index].text.count }.reduce(columns[index].title.count, max)
        }
        if let width {
            let room = width - Self.gap.count * max(shown.count - 1, 0)
            let least = shown.map(narrowest)
            while widths.reduce(0, +) > room,
                let widest = widths.indices.filter({ widths[$0] > least[$0] }).max(by: { widths[$0] < widths[$1] })
            {
                widths[widest] -= 1
            }
        }
        let head = shown.map { Cell(columns[$0].title) }
        return ([head] + rows.map { row in shown.map { row[$0] } }).map { cells in
            Self.line(cells, widths, colours: colours)
        }
    }

    private func narrowest(_ index: Int) -> Int {
        guard columns[index].keepsFirst else { return Self.narrowest }
        return rows.map { row in
            let text = row[index].text
            let first = text.prefix { $0 != "," }.count
            return first < text.count ? first + 1 : first
        }.reduce(Self.narrowest, max)
    }

    private static func line(_ cells: [Cell], _ widths: [Int], colours: Bool) -> String {
        var line = ""
        for (index, (cell, width)) in zip(cells, widths).enumerated() {
            let text = cell.text.count <= width ? cell.text : String(cell.text.prefix(max(width - 1, 0))) + "…"
            line += colours ? cell.tone.coloured(text) : text
            if index < cells.count - 1 {
                line += String(repeating: " ", count: width - text.count) + gap
            }
        }
        while line.last == " " { line.removeLast() }
        return line
    }
}

extension TextTable.Tone {
    func coloured(_ text: String) -> String {
        switch self {
        case .plain: text
        case .good: "\u{1B}[32m\(text)\u{1B}[0m"
        case .warning: "\u{1B}[33m\(text)\u{1B}[0m"
        case .bad: "\u{1B}[31m\(text)\u{1B}[0m"
        }
    }
}
