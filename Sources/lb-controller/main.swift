import ControllerDaemon
import DaemonCommandLine
import Foundation

exit(await ControllerCommand.start(Array(CommandLine.arguments.dropFirst())))
