"""The console's page in headless Chromium, through the real server."""
