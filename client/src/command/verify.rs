//! `keystay verify IMAGE`: the search of an image that is there already.

use keystay_proto::control::{FetchSpec, GrantSpec, Hosts, Mode};

use super::build::search_image;
use crate::{
    agent_link::{Control, LinkError, PrivateAgent, Program},
    cli::Options,
    config::Settings,
    engine::{Docker, Signals, Variables, docker_image},
    error::Error,
    exit_code::ExitCode,
    output::{self, Output},
    summary::{self, Image},
};

/// Searches an image of the engine for the user's keys.
pub(crate) async fn verify(options: &Options, image: &str) -> Result<ExitCode, Error> {
    let variables = Variables::of_process();
    let settings = Settings::of_user(options, &variables)?;
    let docker = Docker::find(&variables)?;
    let docker = docker.without_keys(settings.key_variables(), false, None);
    docker.ping().await?;
    let mut signals = Signals::listen().map_err(Error::Runtime)?;
    let program = Program::own(&settings.keys, options.verbose)?;
    let agent = signals
        .unless_caught(PrivateAgent::start(&program))
        .await??;
    let search = searched(options, &settings, &docker, agent.control(), image);
    let verdict = signals.unless_caught(search).await;
    agent.end().await;
    Ok(tell(Output::new(options.quiet), &verdict??))
}

async fn searched(
    options: &Options,
    settings: &Settings,
    docker: &Docker,
    control: &Control,
    image: &str,
) -> Result<Image, LinkError> {
    let grant = control.open_grant(&spec(options, settings, image)).await?;
    let verdict = search_image(docker_image(docker, image), control, &grant, image).await;
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
fn spec(options: &Options, settings: &Settings, image: &str) -> GrantSpec {
    GrantSpec {
        build: format!("verify {image}"),
        mode: Mode::Sign,
        keys: Vec::new(),
        user: options.user.clone(),
        hosts: Hosts::Only(Vec::new()),
        signatures: 1,
        ttl: settings.ttl.seconds(),
        strict: true,
        fetch: FetchSpec::default(),
    }
}
