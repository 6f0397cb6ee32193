"""`python -m meshroll.manifests.lint > docs/lint.md`."""

from meshroll.manifests.lint import document

if __name__ == "__main__":
    print(document(), end="")
