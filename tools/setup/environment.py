"""Make the virtual environment: pinned packages, each checked against its hash, and the project itself on the path.

Runs on a bare Python before anything is installed, so it uses the standard library alone.
"""

import subprocess
import sys
from pathlib import Path

OLDEST, NEWEST = (3, 11), (3, 13)
ROOT = Path(__file__).resolve().parents[2]


def main(venv: Path, requirements: Path) -> None:
    check_interpreter()
    make_environment(venv)
    install(venv, requirements)
    link_project(venv)
    print("Ready.", flush=True)


def check_interpreter() -> None:
    """Stop with words, not with a traceback, where this interpreter cannot do."""
    if not OLDEST <= sys.version_info[:2] <= NEWEST:
        sys.exit(f"Perscan needs Python 3.11 to 3.13; this is {sys.version.split()[0]}. Try: make PYTHON=python3.11")
    try:
        import ensurepip  # noqa: F401
    except ImportError:
        sys.exit("This Python cannot make virtual environments. On Debian: apt install python3-venv")


def make_environment(venv: Path) -> None:
    if not (venv / "bin" / "python").exists():
        print(f"Making the virtual environment {venv} ...", flush=True)
        subprocess.run([sys.executable, "-m", "venv", str(venv)], check=True)


def install(venv: Path, requirements: Path) -> None:
    print("Installing the pinned packages (a minute or two the first time) ...", flush=True)
    command = [str(venv / "bin" / "python"), "-m", "pip", "install", "--quiet", "--disable-pip-version-check"]
    subprocess.run([*command, "--no-deps", "--require-hashes", "-r", str(requirements)], check=True)


def link_project(venv: Path) -> None:
    """Put the checkout on the environment's path and give it the `perscan` command, without a build."""
    python = venv / "bin" / "python"
    code = "import sysconfig; print(sysconfig.get_path('purelib'))"
    site = Path(subprocess.run([str(python), "-c", code], check=True, capture_output=True, text=True).stdout.strip())
    (site / "perscan-checkout.pth").write_text(f"{ROOT}\n{ROOT / 'shared'}\n")
    command = venv / "bin" / "perscan"
    command.write_text(start_script(python.absolute()))
    command.chmod(0o755)


def start_script(python: Path) -> str:
    """The text of the `perscan` command. A process that it spawns imports it once more (multiprocessing, "Safe
    importing of main module"), so whatever starts something stands behind the guard."""
    return f"""#!{python}
import sys

if __name__ == "__main__":
    from tools.cli import main

    sys.exit(main())
"""


if __name__ == "__main__":
    main(Path(sys.argv[1]), Path(sys.argv[2]))
