//! `keystay verify IMAGE`: the search of an image that is there already.

use keystay_proto::control::{FetchSpec, GrantSpec, Hosts, Mode};

use super::build::search_image;
use crate::{
    agent_link::{Control, LinkError, PrivateAgent, Program},
    cli::Options,
    engine::{Docker, Signals, Variables},
    error::Error,
    exit_code::ExitCode,
    output::{self, Output},
    summary::{self, Image},
};

/// Searches an image of the engine for the user's keys.
pub(crate) async fn verify(options: &Options, image: &str) -> Result<ExitCode, Error> {
    let docker = Docker::find(&Variables::of_process())?;
    let docker = docker.without_keys(options.key_variables(), false, None);
    docker.ping().await?;
    let mut signals = Signals::listen().map_err(Error::Runtime)?;
    let program = Program::own(&options.keys, options.verbose)?;
    let agent = signals
        .unless_caught(PrivateAgent::start(&program))
        .await??;
    let search = searched(options, &docker, agent.control(), image);
    let verdict = signals.unless_caught(search).await;
    agent.end().await;
    Ok(tell(Output::new(options.quiet), &verdict??))
}

async fn searched(
    options: &Options,
    docker: &Docker,
    control: &Control,
    image: &str,
) -> Result<Image, LinkError> {
    let grant = control.open_grant(&spec(options, image)).await?;
    let verdict = search_image(docker, control, &grant, image).await;
    control.revoke(&grant.id).await?;
    Ok(verdict)
}

fn tell(output: Output, image: &Image) -> ExitCode {
    output.line(&summary::verdict(image));
    image.details(output);
    let (code, complaint) = image.end_of_search();
    if let Some((message, hint)) = complaint {
        output::complaint(message, &[hint]);
    }
    code
}

/// Only a grant's keys can be searched for; nothing asks this one for a signature.
fn spec(options: &Options, image: &str) -> GrantSpec {
    GrantSpec {
        build: format!("verify {image}"),
        mode: Mode::Sign,
        keys: Vec::new(),
        user: options.user.clone(),
        hosts: Hosts::Only(Vec::new()),
        signatures: 1,
        ttl: options.ttl.seconds(),
        strict: true,
        fetch: FetchSpec::default(),
    }
}
