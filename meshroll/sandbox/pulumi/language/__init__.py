"""Stand-in for Pulumi's official Python language host (`pulumi-language-python`), for machines that cannot fetch it."""
