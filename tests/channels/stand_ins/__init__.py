"""Stand-ins for companies' clouds: real HTTP servers on loopback that speak the documented wire formats, with their
quotas and errors. Each keeps its own count of what the rules allow, so that it notices what ours would not."""
