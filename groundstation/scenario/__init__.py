"""What is flown: missions as files, with every fault, board and operation in them."""
