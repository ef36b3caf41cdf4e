"""The clocks of boards, as the ground can know them: when was a board at a tick?"""
