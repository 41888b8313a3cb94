from central_server.cli import main

main()
