"""The plug-ins that ask carriers. ``TRACKERS`` in the settings names them; nobody imports one."""
