import ArgumentParser
import Foundation
import KubernetesModel
import KubernetesYAML

/// How a list is printed: kubectl's `-o`, `-w` and `--no-headers`.
struct OutputOptions: ParsableArguments {
    enum Format: String, ExpressibleByArgument, CaseIterable {
        case table, wide, json, yaml

        /// For programs to read.
        var isDocument: Bool { self == .json || self == .yaml }
    }

    @Option(name: [.customShort("o"), .customLong("output")], help: "table, wide, json or yaml.")
    var format = Format.table
    @Flag(name: [.short, .long], help: "Print again what changes, until interrupted.")
    var watch = false
    @Flag(help: "Leave out the headings.")
    var noHeaders = false

    /// The text of some rows, without the last newline.
    ///
    /// - Parameter others: rows that are not shown, but that the columns are as wide as.
    func text(
        _ rows: [ResourceRow], among others: [ResourceRow] = [], columns: [TextTable.Column], headings: Bool = true
    ) -> String {
        switch format {
        case .table, .wide:
            let table = TextTable(columns: columns, rows: (rows + others).map(\.cells))
            let lines = table.lines(
                wide: format == .wide, width: Console.width, colours: Console.hasColours())
            return lines.prefix(rows.count + 1).dropFirst(headings && !noHeaders ? 0 : 1).joined(separator: "\n")
        case .json, .yaml:
            return Self.text(["items": .array(rows.map(\.object))], format)
        }
    }

    static func text(_ value: JSONValue, _ format: Format) -> String {
        if format == .yaml { return YAMLText.text(value).visibleText }
        let encoder = JSONEncoder()
        encoder.outputFormatting = [.prettyPrinted, .sortedKeys, .withoutEscapingSlashes]
        return (try? encoder.encode(value)).map { String(decoding: $0, as: UTF8.self).visibleText } ?? "null"
    }
}

/// One line of a list, and the same as an object.
struct ResourceRow: Sendable, Hashable {
    /// What the row is about, the same from one look to the next.
    let id: String
    let cells: [TextTable.Cell]
    let object: JSONValue
    /// The member of ``object`` that changes every few seconds while all is well.
    var pulse: String?

    /// The row of something that is no more.
    func deleted(_ columns: [TextTable.Column]) -> ResourceRow {
        let state = "Deleted"
        var object = object
        object["state"] = .string(state)
        let cells = zip(columns, cells).map { $0.title == "STATE" ? TextTable.Cell(state, .warning) : $1 }
        return ResourceRow(id: id, cells: cells, object: object, pulse: pulse)
    }

    /// ``object`` without its pulse.
    var news: JSONValue {
        guard let pulse else { return object }
        var news = object
        news[pulse] = nil
        return news
    }
}
