"""A PostgreSQL server of a benchmark's own, in a folder, on a socket there; as user postgres where we are root."""

import os
import pathlib
import signal
import subprocess
import sys
import time

PROGRAMS = sorted(pathlib.Path("/usr/lib/postgresql").glob("*/bin"))


class Server:
    def __init__(self, folder, settings=""):
        if not PROGRAMS:
            sys.exit("PostgreSQL is not installed: scripts/install-dependencies --peers")
        self.settings = settings
        self.folder, self.data = folder, os.path.join(folder, "data")
        self.owner = ["runuser", "-u", "postgres", "--"] if os.geteuid() == 0 else []
        if self.owner:
            subprocess.run(["chown", "postgres", folder], check=True)
        self.run("initdb", "-D", self.data, "-U", "postgres", "-A", "trust", "--no-locale", "-E", "UTF8")
        self.start()
        self.url = f"postgresql://postgres@/postgres?host={folder}"

    def run(self, program, *words):
        subprocess.run([*self.owner, str(PROGRAMS[-1] / program), *words], check=True, cwd="/",
                       stdout=subprocess.DEVNULL, stdin=subprocess.DEVNULL)

    def ask(self, sql):
        return subprocess.run([str(PROGRAMS[-1] / "psql"), "-XqAt", self.url, "-c", sql], check=True,
                              capture_output=True, text=True).stdout.strip()

    def start(self):
        self.run("pg_ctl", "-D", self.data, "-s", "-w", "-l", os.path.join(self.data, "log"), "-o",
                 f"-c listen_addresses= -c unix_socket_directories={self.folder} {self.settings}", "start")

    def stop(self, how="fast"):
        self.run("pg_ctl", "-D", self.data, "-s", "-m", how, "stop")

    def kill(self):
        with open(os.path.join(self.data, "postmaster.pid"), encoding="utf-8") as file:
            first = int(file.readline())
        os.kill(first, signal.SIGSTOP)  # it starts no more children, which would outlive it
        children = subprocess.run(["pgrep", "-P", str(first)], capture_output=True, text=True).stdout.split()
        for process in [first, *map(int, children)]:
            try:
                os.kill(process, signal.SIGKILL)
            except ProcessLookupError:
                pass
        for process in [first, *map(int, children)]:
            while os.path.exists(f"/proc/{process}") and "Z" not in open(f"/proc/{process}/stat").read().split()[2]:
                time.sleep(0.01)
        # Nobody may have waited for them yet, so that their numbers are still taken.
        os.remove(os.path.join(self.data, "postmaster.pid"))
        for lock in pathlib.Path(self.folder).glob(".s.PGSQL.*.lock"):
            lock.unlink()
