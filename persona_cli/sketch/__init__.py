"""The sketch, what leaves the machine in place of the request, and the drafters that write it."""
