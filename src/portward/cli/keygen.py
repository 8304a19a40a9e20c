"""`portward keygen`: make this user's own key for sealed knocks, and print its public half."""

import argparse

from portward.cli.environment import Environment
from portward.cli.outcome import Outcome
from portward.knock.own_key import FILE_NAME, make_own, own_public
from portward.spa.spelling import write_base64


def run(options: argparse.Namespace, environment: Environment) -> Outcome:
    """Make the key, or with `--show` print the public half of the one there is."""
    directory = environment.client_directory()
    public = own_public(directory) if options.show else None
    made = public is None
    if public is None:
        public = make_own(directory, replace=options.force)
        environment.talk(
            f"the private half stays in {directory / FILE_NAME}; hand over the public one: "
            "portward person add NAME --public-key KEY"
        )
    return Outcome(write_base64(public), {"public": write_base64(public), "made": made}, changed=made)
