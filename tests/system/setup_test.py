"""What jobs/setup.sh says when a build cannot be configured."""

import os
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


if __name__ == "__main__":
    pecia.main()
