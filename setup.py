"""What pyproject.toml cannot say: a package whose files lie outside of the package's folder."""

from setuptools import find_namespace_packages, setup

# The paper's tables lie in data/paper in a clone, and in idspam_lab/paper_data where a wheel is installed.
PAPER = "idspam_lab.paper_data"
setup(
    packages=[*find_namespace_packages(include=["idspam_lab*"]), PAPER],
    package_dir={PAPER: "data/paper"},
)
