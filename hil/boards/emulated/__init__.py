"""Emulated Picos: RP2040 images in an emulator."""
