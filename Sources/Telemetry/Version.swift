/// The release, shown by `--version` and by `herald_build_info`; `scripts/stamp-version` writes it for an image.
package let heraldVersion = "0.1.0-dev"
