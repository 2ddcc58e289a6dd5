"""docs/operations.md, followed word by word as root: what it says to type is typed, in a mount namespace of its own
with an /etc, /opt and /var that are gone afterwards. Stand-ins are what the test can't have: packages from the network,
a running systemd, and a virtual environment of its own."""

import os
import re
import shutil
import subprocess
import sys
from pathlib import Path

from tests.conftest import needs

ROOT = Path(__file__).parent.parent
PAGE = (ROOT / "docs" / "operations.md").read_text()

STAND_INS = {
    "apt-get": "exit 0",
    "python3": """[ "$*" = "run.py set-up" ] || exec $HERE/environment/bin/python "$@"
        mkdir .venv; mount --bind $HERE/environment .venv
        cp -r $HERE/checkout/static/vendor static/""",
    "sudo": 'shift; user=$1; shift; exec setpriv --reuid=$user --regid=$user --clear-groups "$@"',
    # As the units say: first the database is brought up to date, by the service's own user.
    "systemctl": """case "$*" in
        "enable --now register-ects.socket register-ects")
            systemd-analyze verify --man=no /etc/systemd/system/register-ects.* 2>&1 | grep register-ects && exit 1
            sudo -u register-ects deploy/flask migrate ;;
        "reload nginx") nginx -t ;;
        *) exit 1 ;;
    esac""",
}


def test_what_the_page_says_is_typed_and_nothing_is_wrong(tmp_path, issuer):
    namespace = [shutil.which("unshare"), "--mount"]
    may_mount = (
        os.geteuid() == 0 and subprocess.run([*namespace, "mount", "-t", "tmpfs", "none", "/mnt"]).returncode == 0
    )
    needs(may_mount and shutil.which("systemd-analyze"), "Only root on Debian can try the page on deploying", "SYSTEMD")
    (typed,) = re.findall(r"As root, on Debian 12:\n\n```sh\n(.*?)```", PAGE, re.DOTALL)
    typed = typed.replace("<this repository>", "$HERE/checkout").replace(
        "SUPPORT_EMAIL=…", "SUPPORT_EMAIL=help@example.org"
    )
    typed = typed.replace("OIDC_ISSUER=…", f"OIDC_ISSUER={issuer}").replace("=…", "=of-the-tests")
    assert "…" not in typed
    for name, does in STAND_INS.items():
        (tmp_path / name).write_text(f"#!/bin/bash\n{does}\n")
        (tmp_path / name).chmod(0o755)
    certificate, key = re.findall(r"ssl_certificate(?:_key)? (\S+);", (ROOT / "deploy" / "nginx.conf").read_text())
    script = f"""
        set -e
        export HERE={tmp_path}
        # Wherever they are: some of those places are other ones from here on.
        mkdir $HERE/checkout $HERE/environment $HERE/python
        mount --bind {ROOT} $HERE/checkout; mount --bind {sys.prefix} $HERE/environment
        mount --bind {sys.base_prefix} $HERE/python
        cp -a /etc {tmp_path}/etc; mount --bind {tmp_path}/etc /etc
        for folder in /opt /var/lib /var/backups /var/log; do mount -t tmpfs -o mode=755 none $folder; done
        mkdir -p /var/lib/nginx /var/log/nginx $(dirname {certificate}) $(dirname {key})
        openssl req -x509 -nodes -subj /CN=ects.example.org -keyout {key} -out {certificate} 2>/dev/null
        # The service's user may read the Python that runs this test, though it may be root's own.
        mount -t tmpfs -o mode=755 none /root; mkdir -p {sys.base_prefix}; mount --bind $HERE/python {sys.base_prefix}
        export PATH={tmp_path}:$PATH GIT_CONFIG_COUNT=1 GIT_CONFIG_KEY_0=safe.directory GIT_CONFIG_VALUE_0='*'
        {typed}
        echo "FOUND $(stat -c '%U %a' /etc/register-ects/environment /var/lib/register-ects/register.sqlite3 | xargs)"
        ls /etc/cron.d/register-ects
    """
    done = subprocess.run([*namespace, "bash", "-c", script], capture_output=True, text=True, cwd="/")
    assert done.returncode == 0, done.stdout + done.stderr
    assert "Nothing is wrong." in done.stdout, done.stdout + done.stderr
    assert "FOUND register-ects 600 register-ects 600" in done.stdout
    assert not Path("/etc/register-ects").exists(), "what was tried is gone"
