"""What happens to frames on their way: faults, contacts and the ether that carries them."""
