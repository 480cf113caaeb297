"""The scripts that the official SDKs' own environments run are no tests of this one."""

collect_ignore_glob = ["sdk_*.py"]
