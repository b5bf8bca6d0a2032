"""Settings of the tests: a folder of their own, quick password digests, and on request a real PostgreSQL of their own."""

import atexit
import os
import shutil
import subprocess
import tempfile
import time
from pathlib import Path

# Each process, each worker of the tests too, has its own folder; the database of Django's tests is apart from it.
os.environ["UPTAKE_DATA"] = tempfile.mkdtemp(prefix="uptake-tests-")
(Path(os.environ["UPTAKE_DATA"]) / "static").mkdir()
atexit.register(shutil.rmtree, os.environ["UPTAKE_DATA"], True)


def _postgres() -> str:
    """Start a PostgreSQL on a unix socket of its own; its address."""
    found = [shutil.which("initdb"), *map(str, Path("/usr/lib/postgresql").glob("*/bin/initdb"))]
    initdb = next(filter(None, found), None)
    if initdb is None:
        raise RuntimeError("PostgreSQL's initdb is missing (Debian: apt install postgresql)")
    bin_folder = Path(initdb).resolve().parent
    folder = Path(tempfile.mkdtemp(prefix="uptake-pg-"))
    user = "postgres" if os.geteuid() == 0 else None
    if user:
        shutil.chown(folder, user)
    subprocess.run(
        [bin_folder / "initdb", "-D", folder / "db", "-A", "trust", "-E", "UTF8", "--locale=C.UTF-8", "--no-sync", "-U", "postgres"],
        check=True, user=user, stdout=subprocess.DEVNULL, cwd=folder,
    )  # fmt: skip
    server = subprocess.Popen(
        [bin_folder / "postgres", "-D", folder / "db", "-k", folder, "-c", "listen_addresses=", "-c", "fsync=off", "-c", "max_connections=60"],
        user=user, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL, cwd=folder,
    )  # fmt: skip

    def stop() -> None:
        server.terminate()
        server.wait(20)
        shutil.rmtree(folder, ignore_errors=True)

    atexit.register(stop)
    for _ in range(100):
        if (folder / ".s.PGSQL.5432").exists():
            break
        time.sleep(0.1)
    return f"postgresql://postgres@/postgres?host={folder}"


if os.environ.get("UPTAKE_TEST_POSTGRES") and not os.environ.get("DATABASE_URL"):
    os.environ["DATABASE_URL"] = _postgres()  # the workers of the tests inherit it

from uptake.web.config.settings import *  # noqa: E402, F403

PASSWORD_HASHERS = ["django.contrib.auth.hashers.MD5PasswordHasher"]
CACHES = {"default": {"BACKEND": "django.core.cache.backends.locmem.LocMemCache"}}
STORAGES["staticfiles"] = {"BACKEND": "django.contrib.staticfiles.storage.StaticFilesStorage"}  # noqa: F405
TASKS = {"default": {"BACKEND": "django_tasks.backends.immediate.ImmediateBackend"}}
