import ControllerDaemon
import Foundation

exit(await ControllerProgram.start(Array(CommandLine.arguments.dropFirst())))
