"""Prints as JSON what supervisord itself makes of a configuration file: the oracle of SupervisordComparisonTests.

Usage: dump_supervisord_config.py FILE [OPTION...]
Output: {"error": text} when supervisord refuses the file, else {"groups": [...], "supervisord": {...}, "servers": [...]}.
"""
import json
import os
import sys
import warnings

warnings.simplefilter("ignore")
from supervisor import options, process  # noqa: E402


class Refused(Exception):
    pass


def usage(self, message):
    raise Refused(str(message))


def words(command):
    try:
        return process.shlex.split(command), None
    except ValueError as error:
        return None, "can't parse command %r: %s" % (command, error)


def absolute(value, base):
    """Paths of programs are relative to where supervisord will be once it is a daemon."""
    return None if value is None else os.path.normpath(os.path.join(base, value))


def logfile(value, base):
    return "AUTO" if value is options.Automatic else absolute(value, base)


def describe(group, base):
    result = {"name": group.name, "priority": group.priority, "kind": type(group).__name__, "processes": []}
    if hasattr(group, "pool_events"):
        from supervisor import events
        result["events"] = sorted(events.getEventNameByType(event) for event in group.pool_events)
        result["buffer_size"] = group.buffer_size
    if hasattr(group, "socket_config"):
        socket = group.socket_config
        result["socket"] = {"url": socket.url, "backlog": socket.backlog, "mode": getattr(socket, "mode", None)}
    for config in group.process_configs:
        argv, fault = words(config.command)
        restart = config.autorestart
        result["processes"].append({
            "name": config.name,
            "command": config.command,
            "argv": argv or [],
            "fault": fault or (None if argv else "command is empty"),
            "directory": absolute(config.directory, base),
            "umask": config.umask,
            "uid": config.uid,
            "priority": config.priority,
            "autostart": config.autostart,
            "autorestart": restart if restart is False else restart is not options.auto_restart("unexpected") or "unexpected",
            "startsecs": config.startsecs,
            "startretries": config.startretries,
            "stopsignal": int(config.stopsignal),
            "stopwaitsecs": config.stopwaitsecs,
            "stopasgroup": config.stopasgroup,
            "killasgroup": config.killasgroup,
            "exitcodes": config.exitcodes,
            "redirect_stderr": config.redirect_stderr,
            "serverurl": config.serverurl,
            "environment": config.environment,
            "stdout": [logfile(config.stdout_logfile, base), config.stdout_logfile_maxbytes, config.stdout_logfile_backups,
                       config.stdout_capture_maxbytes, config.stdout_events_enabled, config.stdout_syslog],
            "stderr": [logfile(config.stderr_logfile, base), config.stderr_logfile_maxbytes, config.stderr_logfile_backups,
                       config.stderr_capture_maxbytes, config.stderr_events_enabled, config.stderr_syslog],
        })
    return result


def main(path, *rest):
    options.ServerOptions.usage = usage
    server = options.ServerOptions()
    try:
        server.realize(["-c", path, *rest], doc="")
    except Refused as refused:
        return {"error": str(refused)}
    except Exception as error:  # supervisord would show a traceback and end.
        return {"error": "%s: %s" % (type(error).__name__, error)}
    section = server.configroot.supervisord
    base = os.path.abspath(server.directory if server.directory and not server.nodaemon else ".")
    return {
        "groups": [describe(group, base) for group in server.process_group_configs],
        "serverurl": server.serverurl,
        "servers": [{
            "file": config.get("file"), "mode": config.get("chmod"), "host": config.get("host"), "port": config.get("port"),
            "username": config["username"], "password": config["password"],
        } for config in section.server_configs],
        "supervisord": {
            "logfile": server.logfile, "logfile_maxbytes": server.logfile_maxbytes, "logfile_backups": server.logfile_backups,
            "loglevel": server.loglevel, "pidfile": server.pidfile, "umask": server.umask, "identifier": server.identifier,
            "nodaemon": bool(server.nodaemon), "directory": server.directory, "childlogdir": server.childlogdir,
            "minfds": server.minfds, "minprocs": server.minprocs, "nocleanup": bool(server.nocleanup),
            "strip_ansi": bool(server.strip_ansi), "silent": bool(server.silent), "user": server.user,
        },
    }


if __name__ == "__main__":
    json.dump(main(*sys.argv[1:]), sys.stdout, default=str)
