import ControllerDaemon
import Daemon
import Foundation

exit(await ControllerCommand.start(Array(CommandLine.arguments.dropFirst())))
