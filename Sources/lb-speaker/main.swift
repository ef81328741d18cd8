import Daemon
import Foundation
import SpeakerDaemon

exit(await SpeakerCommand.start(Array(CommandLine.arguments.dropFirst())))
