"""`edgect bundle`: keys and signatures of bundles, and registries of them."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import click

from edgect.cli import options
from edgect.errors import ModelError, UsageError


@click.group("bundle")
def command() -> None:
    """Sign and verify bundles, and change from one to another.

    Keys and signatures are those of minisign (Ed25519). A registry is a folder of bundles, one of which
    is in use; --model takes one wherever it takes a bundle's folder. Nothing goes over a network.
    """


@command.command("key")
@click.argument("file", type=click.Path(path_type=Path, dir_okay=False))
@click.option("--password", is_flag=True, help="Ask for a password that encrypts the secret key.")
def key_command(file: Path, password: bool) -> None:
    """Make a key: FILE, to sign with and to keep secret, and FILE.pub, to verify by."""
    from edgect.model.bundles.signature import PUBLIC, write_keys

    secret = ""
    if password:
        secret = click.prompt("Password", hide_input=True, confirmation_prompt=True, err=True)
    key_id = write_keys(file, secret)
    click.echo(f"key {key_id}: sign with {file}, which stays secret; verify by {file}{PUBLIC}")


@command.command("sign")
@click.argument("folder", metavar="BUNDLE", type=click.Path(path_type=Path, file_okay=False, exists=True))
@click.option("--key", type=click.Path(path_type=Path, dir_okay=False), required=True, help="A secret key.")
def sign_command(folder: Path, key: Path) -> None:
    """Write BUNDLE/bundle.sig, a signature of the manifest, which holds the SHA-256 of every file."""
    from edgect.model.bundles import seal
    from edgect.model.bundles.bundle import Bundle
    from edgect.model.bundles.manifest import MANIFEST
    from edgect.model.bundles.released import released_digests
    from edgect.model.bundles.signature import sign

    bundle = Bundle.load(folder, unfinished=True)  # whatever an earlier signature says
    if bundle.digest not in released_digests().values():
        seal.check(bundle.manifest.document, bundle.path / MANIFEST)
    key_id = sign(
        bundle.path,
        (bundle.path / MANIFEST).read_bytes(),
        f"edgect bundle {bundle.digest}",
        key,
        lambda: str(click.prompt("Password of the key", hide_input=True, err=True)),
    )
    click.echo(f"{folder}: {bundle.name}, manifest {bundle.digest[:12]}, signed by key {key_id}")


@command.command("verify")
@click.argument("model", metavar="NAME|DIR")
@options.trusted_keys
def verify_command(model: str, trusted_keys: str | None) -> None:
    """Say whether a bundle is released or signed by a trusted key. Exit codes: 0 it is, 3 it is not."""
    from edgect.model.bundles.bundle import Bundle

    bundle = Bundle.load(model, trusted_keys=trusted_keys, require_signature=True)
    click.echo(f"{model}: {bundle.name}, manifest {bundle.digest[:12]}, {bundle.standing}")


@command.command("list")
@click.argument("registry", type=click.Path(path_type=Path, file_okay=False))
@options.trusted_keys
def list_command(registry: Path, trusted_keys: str | None) -> None:
    """Show the bundles of a REGISTRY, and which of them is in use."""
    from edgect.model.bundles.bundle import Bundle
    from edgect.model.bundles.bundle_registry import entries, used

    names = entries(registry)
    in_use = used(registry)[-1:]
    for name in names:
        try:
            state = Bundle.load(registry / name, trusted_keys=trusted_keys).standing
        except ModelError as error:
            state = f"unusable: {error}"
        click.echo(f"{'*' if [name] == in_use else ' '} {name}  {state}")
    if not names:
        click.echo(f"{registry}: there is no bundle yet; `edgect bundle add` copies one there", err=True)


@command.command("add")
@click.argument("registry", type=click.Path(path_type=Path, file_okay=False))
@click.argument("model", metavar="NAME|DIR")
@options.trust
def add_command(registry: Path, model: str, trusted_keys: str | None, require_signature: bool) -> None:
    """Copy a bundle into a REGISTRY, a folder that is made where there is none. It is not yet in use."""
    from edgect.model.bundles.bundle import Bundle
    from edgect.model.bundles.bundle_registry import add

    bundle = Bundle.load(model, trusted_keys=trusted_keys, require_signature=require_signature)
    with _writing(registry):
        entry = add(registry, bundle.path, bundle.name, bundle.digest)
    click.echo(f"{registry}: has {entry}, {bundle.standing}")


@command.command("use")
@click.argument("registry", type=click.Path(path_type=Path, file_okay=False))
@click.argument("name")
@options.trust
def use_command(registry: Path, name: str, trusted_keys: str | None, require_signature: bool) -> None:
    """Put a bundle of a REGISTRY into use: NAME as `list` shows it, or how it begins.

    What runs with `--model REGISTRY` answers by it a moment later, and loses no request.
    """
    from edgect.model.bundles.bundle import Bundle
    from edgect.model.bundles.bundle_registry import find, use

    entry = find(registry, name)
    bundle = Bundle.load(registry / entry, trusted_keys=trusted_keys, require_signature=require_signature)
    with _writing(registry):
        use(registry, entry)
    click.echo(f"{registry}: {entry} is in use, {bundle.standing}")


@command.command("rollback")
@click.argument("registry", type=click.Path(path_type=Path, file_okay=False))
@options.trust
def rollback_command(registry: Path, trusted_keys: str | None, require_signature: bool) -> None:
    """Put the bundle into use that was in use before."""
    from edgect.model.bundles.bundle import Bundle
    from edgect.model.bundles.bundle_registry import before, roll_back

    entry = before(registry)
    bundle = Bundle.load(registry / entry, trusted_keys=trusted_keys, require_signature=require_signature)
    with _writing(registry):
        roll_back(registry)
    click.echo(f"{registry}: {entry} is in use again, {bundle.standing}")


@contextmanager
def _writing(registry: Path) -> Iterator[None]:
    try:
        yield
    except OSError as error:
        raise UsageError(f"{registry}: cannot be written to ({error.strerror or error})") from error
