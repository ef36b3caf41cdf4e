"""One flight: boards, their links, the mission loop and its end."""
