"""The fault campaign: power cuts, full disks, kills and cut connections, and what was lost."""
