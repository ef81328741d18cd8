import Foundation
import SimulationKit

/// Prints what a virtual day brought; whether nothing moved and nobody was declared dead.
func simulateDay(seed: UInt64) -> Bool {
    let start = Date()
    let day = Day(seed: seed, hours: 24, nodes: 10, addresses: 20, loss: 0.01) { hour in
        if hour % 6 == 0 { print("hour \(hour), \(Int(Date().timeIntervalSince(start))) s") }
    }
    print(
        "24 h, 10 nodes, 20 addresses, 1 % loss, seed \(seed): \(day.moves) moves, \(day.deaths) deaths,"
            + " \(day.absences) absences, \(day.gaps) gaps, \(day.frames) frames")
    return day.moves == 0 && day.deaths == 0
}
