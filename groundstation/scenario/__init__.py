"""Missions as files, with every fault, board and operation in them."""
