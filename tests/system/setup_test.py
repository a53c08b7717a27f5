"""What the scripts of jobs/ say when a build cannot be configured, or LibTorch cannot be fetched."""

import os
import re
import shutil
import subprocess

import pecia_process as pecia

SOURCE = pecia.DATA.parent.parent


class SetupTest(pecia.Case):
    def configure(self, **environment):
        script = 'top=$1; . "$top/jobs/setup.sh"; configure_and_build no-such-preset'
        done = subprocess.run(["bash", "-c", script, "_", SOURCE], capture_output=True, text=True, timeout=60,
                              env=dict(os.environ, **environment))
        self.assertNotEqual(done.returncode, 0)
        return done.stdout + done.stderr

    def dpkg(self, missing):
        """A system of packages that has all but one."""
        query = self.folder / "dpkg-query"
        query.write_text(f'#!/bin/sh\nfor name; do :; done\n[ "$name" = {missing} ] || printf "ii "\n')
        (self.folder / "apt-get").write_text("#!/bin/sh\nexit 1\n")
        for tool in "dpkg-query", "apt-get":
            (self.folder / tool).chmod(0o755)
        return f"{self.folder}:{os.environ['PATH']}"

    def test_only_what_is_missing_is_called_missing(self):
        output = self.configure(PATH=self.dpkg("libpodofo-dev"))
        self.assertIn("podofo@0.9.8", output)
        self.assertNotIn("libtiff-dev", output)

    def test_elsewhere_what_cmake_did_not_find_is_called_missing(self):
        """A system without dpkg: no more tools than the script needs, and a cmake that finds all but two."""
        for tool in "bash", "awk", "sed", "tr", "cat", "rm", "mktemp", "env":
            (self.folder / tool).symlink_to(shutil.which(tool))
        cmake = self.folder / "cmake"
        cmake.write_text("#!/bin/sh\necho '-- not found: libpodofo-dev libtiff-dev'\nexit 1\n")
        cmake.chmod(0o755)
        output = self.configure(PATH=str(self.folder))
        self.assertIn("podofo=0.9", output)
        self.assertIn("conda-forge: libtiff", output)
        self.assertNotIn("libpng-dev", output)

    def test_nothing_is_called_missing_when_all_is_there(self):
        output = self.configure(PATH=self.dpkg("nothing"))
        self.assertIn("no-such-preset", output)
        self.assertNotIn("not installed", output)

    def script(self, name, text):
        (self.folder / name).write_text(text)
        (self.folder / name).chmod(0o755)

    def fetch_libtorch(self, path):
        done = subprocess.run([SOURCE / "jobs" / "fetch_libtorch.sh", self.folder / "deps"], capture_output=True, text=True,
                              timeout=60, env={"PATH": path, "CUDA_HOME": str(self.folder)})
        left = [name for name in os.listdir(self.folder / "deps") if name.startswith(".new")]
        self.assertEqual(left, [], "a download that ended leaves nothing behind")
        return done.returncode, done.stdout + done.stderr

    def test_without_pip_it_says_where_else_libtorch_is(self):
        for tool in "bash", "sed", "paste", "uname", "mktemp", "mkdir", "rm", "dirname", "readlink":
            (self.folder / tool).symlink_to(shutil.which(tool))
        status, output = self.fetch_libtorch(str(self.folder))
        self.assertEqual(status, 1, output)
        self.assertIn("there is no pip", output)
        self.assertIn("LibTorch_ROOT", output)

    def test_a_download_that_fails_says_so(self):
        self.script("python3", "#!/bin/sh\n[ $3 = --version ] || { echo 'no route to host' >&2; exit 1; }\n")
        status, output = self.fetch_libtorch(f"{self.folder}:{os.environ['PATH']}")
        self.assertEqual(status, 1, output)
        self.assertIn("no route to host", output)
        self.assertIn("login node", output)

    def test_what_is_there_is_not_fetched_again(self):
        torch = self.folder / "deps" / "torch"
        (torch / "lib").mkdir(parents=True)
        for name in "libtorch_cpu.so", "libtorch_cuda.so":
            (torch / "lib" / name).symlink_to(shutil.which("cat"))  # to ldd, a program that has all it needs
        header = torch / "include" / "torch" / "headeronly" / "version.h"
        header.parent.mkdir(parents=True)
        version = re.search(r"torch_version=(\S+)", (SOURCE / "jobs" / "fetch_libtorch.sh").read_text())[1].split(".")
        header.write_text("".join(f"#define TORCH_VERSION_{name} {number}\n"
                                  for name, number in zip(("MAJOR", "MINOR", "PATCH"), version)))
        self.script("python3", "#!/bin/sh\n[ $3 = --version ] || { echo downloaded >&2; exit 1; }\n")
        path = f"{self.folder}:{os.environ['PATH']}"
        self.assertEqual(self.fetch_libtorch(path)[0], 0)
        header.write_text("#define TORCH_VERSION_MAJOR 1\n")
        self.assertIn("downloaded", self.fetch_libtorch(path)[1])


if __name__ == "__main__":
    pecia.main()
