from central_client.cli import main

main()
