import ControllerDaemon

await ControllerProgram.main()
