"""Picos behind USB-serial adapters, at UART0."""
