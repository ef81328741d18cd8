import Foundation
import LoadBalancerControl

exit(await RootCommand.run(Array(CommandLine.arguments.dropFirst())))
